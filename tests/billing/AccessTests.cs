using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Storage;

namespace Newsletter.Billing.Tests;

/// <summary>Catches a route that was added without a rule: each one is tried, none is listed here.</summary>
public sealed class AccessTests(BillingHouse house) : IClassFixture<BillingHouse>
{
    [Fact]
    public async Task Another_publications_token_opens_no_route()
    {
        var other = BillingHouse.NewPublication("elsewhere");
        await house.Service.PublishAsync(new PublicationChanged(other));
        var routes = Routes().Where(r => r.Path.Contains("/scipapermill", StringComparison.Ordinal)).ToList();
        Assert.True(routes.Count >= 12);
        foreach (var role in new[] { Role.Reader, Role.Owner, Role.Operator })
        {
            using var client = house.Service.As(role, other.Id);
            foreach (var (method, path, _) in routes)
            {
                using var response = await SendAsync(client, method, path);
                Assert.True(response.StatusCode == HttpStatusCode.Forbidden, $"{role} {method} {path}: {response.StatusCode}");
            }
        }
    }

    [Fact]
    public async Task A_role_without_the_permission_is_refused()
    {
        var staff = Routes().Where(r => r.Rule.Kind == AccessKind.Staff).ToList();
        Assert.True(staff.Count >= 6);
        foreach (var role in new[] { Role.Reader, Role.Author, Role.Editor })
        {
            using var client = house.Service.As(role, house.Publication.Id);
            foreach (var (method, path, _) in staff)
            {
                using var response = await SendAsync(client, method, path);
                Assert.True(response.StatusCode == HttpStatusCode.Forbidden, $"{role} {method} {path}: {response.StatusCode}");
            }
        }
        using var narrow = house.Service.As(Role.Owner, house.Publication.Id, null, Permission.PostsRead);
        foreach (var (method, path, _) in staff)
        {
            using var response = await SendAsync(narrow, method, path);
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }
    }

    [Fact]
    public async Task Nobody_is_let_in_where_a_reader_or_staff_is_asked_for()
    {
        foreach (var (method, path, _) in Routes().Where(r => r.Rule.Kind is AccessKind.Staff or AccessKind.Readers))
        {
            using var response = await SendAsync(house.Service.Anonymous(), method, path);
            Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{method} {path}: {response.StatusCode}");
        }
    }

    [Fact]
    public async Task An_unknown_publication_is_not_found()
    {
        using var response = await house.Service.Anonymous().GetAsync("/nowhere/plans");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private List<(string Method, string Path, AccessRule Rule)> Routes() =>
        [.. from source in house.Service.Services.GetServices<EndpointDataSource>()
            from endpoint in source.Endpoints.OfType<RouteEndpoint>()
            let rule = endpoint.Metadata.GetMetadata<AccessRule>()
            where rule is not null
            from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
            let path = "/" + endpoint.RoutePattern.RawText!.TrimStart('/').Replace("{p}", "scipapermill", StringComparison.Ordinal)
                .Replace("{id:guid}", Guid.NewGuid().ToString(), StringComparison.Ordinal).Replace("{slug}", "reader", StringComparison.Ordinal).Replace("{token}", "x", StringComparison.Ordinal)
            select (method, path, rule)];

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string method, string path)
    {
        var request = new HttpRequestMessage(new(method), path);
        if (method is "POST" or "PUT") request.Content = path.Contains("/api/", StringComparison.Ordinal) ? new StringContent("{}", Encoding.UTF8, "application/json") : new FormUrlEncodedContent([]);
        return client.SendAsync(request);
    }
}
