using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Newsletter.Seeds;

/// <summary>
/// Loads a publication from a folder through the public API, as any publisher's script could. What is there already is left alone,
/// so a run that was interrupted is finished by the next.
/// </summary>
public sealed class SeedLoader : IDisposable
{
    // Services hear of a new publication a moment after content has it.
    private static readonly TimeSpan WaitForOthers = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly HttpClient _api;
    private readonly string _folder;
    private readonly string _slug;

    private SeedLoader(Uri address, string apiKey, string folder)
    {
        _folder = folder;
        _slug = Read("publication.json")["slug"]!.GetValue<string>();
        _api = new HttpClient { BaseAddress = new Uri(address, "/api/v1/"), Timeout = TimeSpan.FromSeconds(100) };
        _api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
    }

    /// <summary>The seed publication that ships with this assembly.</summary>
    public static string ShippedFolder => Path.Combine(AppContext.BaseDirectory, "seeds", "scipapermill");

    /// <param name="address">Gateway or standalone, such as <c>http://localhost:8080</c>.</param>
    /// <param name="apiKey">A key of an operator.</param>
    /// <exception cref="HttpRequestException">The API refused a call; the message says which and why.</exception>
    /// <exception cref="TimeoutException">A service did not hear of the publication in time.</exception>
    public static async Task LoadAsync(Uri address, string apiKey, string folder, CancellationToken cancellation)
    {
        using var loader = new SeedLoader(address, apiKey, folder);
        await loader.LoadPublicationAsync(cancellation);
        // Readers come last: until some are there, no run has got through, and nobody has changed what this one writes.
        var isFirst = !await loader.HasReadersAsync(cancellation);
        if (isFirst) await loader.NameNewslettersAsync(cancellation);
        await loader.LoadTiersAsync(cancellation);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, "posts"), "*.md").Order(StringComparer.Ordinal))
            await loader.LoadPostAsync(SeedPost.Read(file), cancellation);
        if (isFirst) await loader.LoadReadersAsync(cancellation);
    }

    public void Dispose() => _api.Dispose();

    private string Below(string rest) => $"publications/{_slug}/{rest}";

    private async Task LoadPublicationAsync(CancellationToken cancellation)
    {
        var publication = Read("publication.json").AsObject();
        publication.Remove("newsletters");
        publication["topics"] = new JsonArray([.. Read("topics.json").AsObject().Select(t => new JsonObject { ["slug"] = t.Key, ["name"] = t.Value!.DeepClone() })]);
        if (await ExistsAsync($"publications/{_slug}", cancellation)) return;
        await SendAsync(HttpMethod.Post, "publications", publication, cancellation);
    }

    /// <summary>Every publication starts with one newsletter of each kind; the seed only names them.</summary>
    private async Task NameNewslettersAsync(CancellationToken cancellation)
    {
        foreach (var newsletter in Read("publication.json")["newsletters"]!.AsArray().Select(n => n!.AsObject()))
        {
            var slug = newsletter["slug"]!.GetValue<string>();
            newsletter.Remove("slug");
            newsletter.Remove("kind");
            await SendAsync(HttpMethod.Patch, Below($"newsletters/{slug}"), newsletter, cancellation);
        }
    }

    private async Task LoadTiersAsync(CancellationToken cancellation)
    {
        var known = await WaitAsync(Below("tiers"), cancellation);
        var slugs = Items(known).Select(t => t["slug"]!.GetValue<string>()).ToHashSet();
        foreach (var tier in Read("tiers.json").AsArray().Where(t => !slugs.Contains(t!["slug"]!.GetValue<string>())))
            await SendAsync(HttpMethod.Post, Below("tiers"), tier!, cancellation);
    }

    private async Task LoadPostAsync(SeedPost post, CancellationToken cancellation)
    {
        if (!await ExistsAsync(Below($"posts/{post.Slug}/source"), cancellation))
            await SendAsync(HttpMethod.Post, Below("posts"), post.ToJson(), cancellation);
        // Not news: nobody is mailed, and no roundup tells of it.
        var publish = new JsonObject { ["mail"] = false, ["roundup"] = false, ["publishedAt"] = post.PublishedAt };
        await SendAsync(HttpMethod.Post, Below($"posts/{post.Slug}/publish"), publish, cancellation);
    }

    private async Task<bool> HasReadersAsync(CancellationToken cancellation) => Items(await WaitAsync(Below("subscribers?limit=1"), cancellation)).Any();

    private async Task LoadReadersAsync(CancellationToken cancellation)
    {
        using var body = new StringContent(await File.ReadAllTextAsync(Path.Combine(_folder, "subscribers.csv"), cancellation), Encoding.UTF8, "text/csv");
        using var answer = await _api.PostAsync(new Uri(Below("subscribers/import?confirmed=true"), UriKind.Relative), body, cancellation);
        await CheckAsync(answer, cancellation);
    }

    private async Task<bool> ExistsAsync(string path, CancellationToken cancellation)
    {
        using var answer = await _api.GetAsync(new Uri(path, UriKind.Relative), cancellation);
        if (answer.StatusCode == HttpStatusCode.NotFound) return false;
        await CheckAsync(answer, cancellation);
        return true;
    }

    /// <summary>Asks until the service knows the publication.</summary>
    private async Task<JsonNode> WaitAsync(string path, CancellationToken cancellation)
    {
        var until = Environment.TickCount64 + (long)WaitForOthers.TotalMilliseconds;
        while (true)
        {
            using var answer = await _api.GetAsync(new Uri(path, UriKind.Relative), cancellation);
            if (answer.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway))
            {
                await CheckAsync(answer, cancellation);
                return (await answer.Content.ReadFromJsonAsync<JsonNode>(cancellation))!;
            }
            if (Environment.TickCount64 > until) throw new TimeoutException($"GET {path} still answers {(int)answer.StatusCode}.");
            await Task.Delay(Pause, cancellation);
        }
    }

    private async Task SendAsync(HttpMethod method, string path, JsonNode body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = JsonContent.Create(body) };
        using var answer = await _api.SendAsync(request, cancellation);
        await CheckAsync(answer, cancellation);
    }

    private static async Task CheckAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.IsSuccessStatusCode) return;
        var said = await answer.Content.ReadAsStringAsync(cancellation);
        throw new HttpRequestException($"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri!.AbsolutePath} answered {(int)answer.StatusCode}: {said}", null, answer.StatusCode);
    }

    private static IEnumerable<JsonNode> Items(JsonNode list) => list["items"]!.AsArray().Select(i => i!);

    private JsonNode Read(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, file)))!;
}
