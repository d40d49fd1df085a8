using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Identity;

namespace Newsletter.Tests.Harness;

/// <summary>A route of staff, with something in the place of every value.</summary>
/// <param name="OnPublication">False: on the installation.</param>
/// <param name="LeavesEntry">What it changes is told in the audit log.</param>
public sealed record StaffRoute(string Method, string Path, string Permission, bool OnPublication, bool LeavesEntry)
{
    public bool Changes => Method is not ("GET" or "HEAD");

    /// <summary>All that there is but what this route asks for.</summary>
    public string[] OtherPermissions => [.. Newsletter.Defaults.Identity.Permission.All.Where(p => p != Permission)];

    public override string ToString() => $"{Method} {Path}";
}

public static class StaffRoutes
{
    /// <summary>Every one that a service has, whoever adds it.</summary>
    public static IReadOnlyList<StaffRoute> Of(IServiceProvider services, string slug) =>
        [.. services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<AccessRule>() is { Kind: AccessKind.Staff })
            .SelectMany(e => e.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods.Select(method => Of(e, method, slug)))];

    private static StaffRoute Of(RouteEndpoint endpoint, string method, string slug)
    {
        var onPublication = endpoint.RoutePattern.Parameters.Any(p => p.Name == "p");
        var path = string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternSeparatorPart separator => separator.Content,
            RoutePatternParameterPart { Name: "p" } => slug,
            RoutePatternParameterPart { ParameterPolicies.Count: > 0 } => Guid.CreateVersion7().ToString(),
            _ => "anything",
        }))));
        return new(method, $"/{path}", endpoint.Metadata.GetRequiredMetadata<AccessRule>().Permission!, onPublication, onPublication || endpoint.Metadata.GetMetadata<AuditScope>() is not null);
    }
}
