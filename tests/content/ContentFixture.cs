using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Newsletter.Content.Tests.Publications;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;

namespace Newsletter.Content.Tests;

/// <summary>Content on a database of its own, with the words that tests speak: a publication, its staff, its readers.</summary>
public class ContentFixture : IAsyncLifetime
{
    protected virtual DatabaseKind Kind => DatabaseKind.Postgres;

    public ServiceUnderTest Service { get; private set; } = null!;

    public TestDns Dns { get; } = new();

    public async ValueTask InitializeAsync() =>
        Service = await ServiceUnderTest.StartAsync("content", b => b.AddContent(), a => a.MapContent(), [new("Dns:Server", Dns.Address)], Kind);

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        await Dns.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public HttpClient Operator => Service.As(Role.Operator, null);

    public async Task<TestPublication> PublicationAsync(object? gate = null, string? slug = null)
    {
        slug ??= $"p{Guid.NewGuid():N}"[..20];
        var created = await Operator.PostJsonAsync("/api/v1/publications", new { slug, name = "The Test", gate });
        return new(this, created.GetProperty("id").GetGuid(), slug);
    }

    /// <summary>To a domain of its own, as its owner does it: with a record in the domain's DNS.</summary>
    public async Task<string> MoveAsync(TestPublication publication)
    {
        var domain = $"{publication.Slug}.example";
        var staff = (await publication.Owner.GetJsonAsync(publication.Api)).GetProperty("staff");
        Dns.Write($"_newsletter.{domain}", staff.GetProperty("domainProof").GetString()!);
        await publication.Owner.PatchJsonAsync(publication.Api, new { domain });
        return domain;
    }
}

public sealed class SqliteContentFixture : ContentFixture
{
    protected override DatabaseKind Kind => DatabaseKind.Sqlite;
}

/// <summary>One publication of a test.</summary>
public sealed record TestPublication(ContentFixture Fixture, Guid Id, string Slug)
{
    public string Api => $"/api/v1/publications/{Slug}";
    public HttpClient Anonymous { get; } = Fixture.Service.Anonymous();
    public HttpClient Owner { get; } = Fixture.Service.As(Role.Owner, Id);
    public HttpClient Editor { get; } = Fixture.Service.As(Role.Editor, Id);
    public HttpClient Author { get; } = Fixture.Service.As(Role.Author, Id);

    public HttpClient Reader(Guid subscriber) => Fixture.Service.As(Role.Reader, Id, subscriber);
}

internal static class JsonCalls
{
    public static async Task<JsonElement> GetJsonAsync(this HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        return await BodyAsync(answer);
    }

    public static Task<JsonElement> PostJsonAsync(this HttpClient client, string path, object body) => SendJsonAsync(client, HttpMethod.Post, path, body);

    public static Task<JsonElement> PutJsonAsync(this HttpClient client, string path, object body) => SendJsonAsync(client, HttpMethod.Put, path, body);

    public static Task<JsonElement> PatchJsonAsync(this HttpClient client, string path, object body) => SendJsonAsync(client, HttpMethod.Patch, path, body);

    public static async Task<HttpResponseMessage> SendAsync(this HttpClient client, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body, options: Json.Options) };
        return await client.SendAsync(request);
    }

    private static async Task<JsonElement> SendJsonAsync(HttpClient client, HttpMethod method, string path, object body)
    {
        using var answer = await client.SendAsync(method, path, body);
        return await BodyAsync(answer);
    }

    private static async Task<JsonElement> BodyAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {text}");
        return text.Length == 0 ? default : JsonElement.Parse(text);
    }

    public static async Task<JsonObject> ProblemAsync(this HttpResponseMessage answer)
    {
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject();
    }
}
