using System.Net;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Defaults.Identity;

namespace Newsletter.Subscriber.Tests;

/// <summary>Every route there is, tried by those whom it is not for.</summary>
public sealed class IsolationTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    private List<(string Method, string Path, AccessRule Rule)> Routes(string slug) =>
        _app.Service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.Contains("{p}", StringComparison.Ordinal))
            .SelectMany(e => e.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Select(method => (
                method,
                "/" + e.RoutePattern.RawText!.TrimStart('/').Replace("{p}", slug, StringComparison.Ordinal).Replace("{id:guid}", Guid.CreateVersion7().ToString(), StringComparison.Ordinal),
                e.Metadata.GetMetadata<AccessRule>()!)))
            .ToList();

    [Fact]
    public async Task Another_publications_token_opens_no_route()
    {
        var (publication, other) = (await _app.PublicationAsync(), await _app.PublicationAsync());
        var reader = await _app.ClientAsync(await _app.ReaderAsync(other, "ada@example.com"), other.Id);
        var owner = await _app.OwnerAsync(other);

        var routes = Routes(publication.Slug);
        Assert.True(routes.Count > 25);
        foreach (var (method, path, _) in routes)
        {
            foreach (var client in new[] { reader, owner })
            {
                using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
                Assert.True(answer.StatusCode == HttpStatusCode.Forbidden, $"{method} {path}: {answer.StatusCode}");
            }
        }
    }

    [Fact]
    public async Task A_forged_token_opens_no_route()
    {
        var publication = await _app.PublicationAsync();
        using var client = _app.Service.As(Role.Operator, publication.Id);
        foreach (var (method, path, _) in Routes(publication.Slug))
        {
            using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
            Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{method} {path}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task Without_a_token_readers_and_staffs_routes_are_closed()
    {
        var publication = await _app.PublicationAsync();
        using var client = _app.Service.Anonymous();
        foreach (var (method, path, rule) in Routes(publication.Slug).Where(r => r.Rule.Kind != AccessKind.Anyone))
        {
            using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
            Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{method} {path}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task A_reader_opens_no_staff_route_and_an_operator_no_readers()
    {
        var publication = await _app.PublicationAsync();
        var reader = await _app.ClientAsync(await _app.ReaderAsync(publication, "ada@example.com"), publication.Id);
        var owner = await _app.OwnerAsync(publication);
        foreach (var (method, path, rule) in Routes(publication.Slug).Where(r => r.Rule.Kind != AccessKind.Anyone))
        {
            using var answer = await (rule.Kind == AccessKind.Staff ? reader : owner).SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
            Assert.True(answer.StatusCode == HttpStatusCode.Forbidden, $"{method} {path}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task A_readers_session_is_worth_nothing_in_another_publication()
    {
        var (publication, other) = (await _app.PublicationAsync(), await _app.PublicationAsync());
        var session = await _app.ReaderAsync(publication, "ada@example.com");

        using var elsewhere = await _app.ExchangeAsync(session, other.Id);
        using var nowhere = await _app.ExchangeAsync(session, null);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (elsewhere.StatusCode, nowhere.StatusCode));
    }
}
