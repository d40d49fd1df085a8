using System.Net;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Defaults.Identity;

namespace Newsletter.Content.Tests.Isolation;

public sealed class IsolationTests(ContentFixture content) : IClassFixture<ContentFixture>
{
    [Fact]
    public async Task Another_publications_token_is_refused_on_every_route()
    {
        var (here, there) = (await content.PublicationAsync(), await content.PublicationAsync());
        var tried = 0;
        foreach (var (method, path) in RoutesOf(here.Slug))
        {
            foreach (var role in new[] { Role.Owner, Role.Reader })
            {
                using var answer = await content.Service.As(role, there.Id).SendAsync(new HttpMethod(method), path);
                Assert.True(answer.StatusCode == HttpStatusCode.Forbidden, $"{role} {method} {path}: {(int)answer.StatusCode}");
                await answer.ProblemAsync();
                tried++;
            }
        }
        Assert.True(tried > 50, $"only {tried} routes were tried");
    }

    [Fact]
    public async Task Staff_routes_refuse_strangers_readers_and_keys_without_the_scope()
    {
        var publication = await content.PublicationAsync();
        foreach (var endpoint in Endpoints().Where(e => e.Metadata.GetMetadata<AccessRule>() is { Kind: AccessKind.Staff } && e.RoutePattern.Parameters.Any(p => p.Name == "p")))
        {
            var (method, path) = CallOf(endpoint, publication.Slug);
            using var stranger = await publication.Anonymous.SendAsync(new HttpMethod(method), path);
            using var reader = await publication.Reader(Guid.CreateVersion7()).SendAsync(new HttpMethod(method), path);
            using var key = await content.Service.As(Role.Owner, publication.Id, null, "nothing:at-all").SendAsync(new HttpMethod(method), path);
            Assert.True((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden) == (stranger.StatusCode, reader.StatusCode, key.StatusCode),
                $"{method} {path}: {(int)stranger.StatusCode} {(int)reader.StatusCode} {(int)key.StatusCode}");
        }
    }

    [Fact]
    public async Task An_unknown_publication_is_not_found_on_every_route()
    {
        foreach (var (method, path) in RoutesOf("no-such-publication"))
        {
            using var answer = await content.Service.Anonymous().SendAsync(new HttpMethod(method), path);
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound, $"{method} {path}: {(int)answer.StatusCode}");
        }
    }

    [Fact]
    public void Every_endpoint_says_who_may_call_it()
    {
        foreach (var endpoint in Endpoints())
            Assert.True(endpoint.Metadata.OfType<AccessRule>().Count() == 1, endpoint.DisplayName);
    }

    private IEnumerable<(string Method, string Path)> RoutesOf(string slug) =>
        Endpoints().Where(e => e.RoutePattern.Parameters.Any(p => p.Name == "p")).Select(e => CallOf(e, slug));

    private IEnumerable<RouteEndpoint> Endpoints() => content.Service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private static (string Method, string Path) CallOf(RouteEndpoint endpoint, string slug)
    {
        var path = string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternSeparatorPart separator => separator.Content,
            RoutePatternParameterPart { Name: "p" } => slug,
            _ => "anything",
        }))));
        return (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0], "/" + path);
    }
}
