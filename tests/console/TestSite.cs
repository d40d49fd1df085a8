using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Tests.Harness;

namespace Newsletter.ConsoleTests;

/// <summary>A publication that a test has for itself; what the test is not about is set up through the API.</summary>
public sealed class TestSite
{
    private readonly ConsoleHouse _house;
    private readonly HttpClient _staff;

    private TestSite(ConsoleHouse house, string slug, string name) => (_house, _staff, Slug, Name) = (house, house.Staff(), slug, name);

    public string Slug { get; }
    public string Name { get; }
    public string Base => _house.BaseUrlOf(Slug);

    public static async Task<TestSite> MakeAsync(ConsoleHouse house, string slug, string name)
    {
        var site = new TestSite(house, slug, name);
        using var made = await site._staff.PostAsJsonAsync("/api/v1/publications", new { slug, name });
        Assert.True(made.StatusCode == HttpStatusCode.Created, await made.Content.ReadAsStringAsync());
        await Eventually.TrueAsync(async () =>
        {
            foreach (var of in (string[])["keys", "tiers", "editions"])
            {
                using var known = await site._staff.GetAsync(site.Api(of));
                if (!known.IsSuccessStatusCode) return false;
            }
            return true;
        }, $"every service knows {slug}");
        return site;
    }

    /// <summary>A page's path below the console.</summary>
    public string To(string page = "") => $"p/{Slug}/{page}".TrimEnd('/');

    public async Task<JsonElement> GetAsync(string path) => await _staff.GetFromJsonAsync<JsonElement>(Api(path));

    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, Api(path)) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await _staff.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    public Task<JsonElement> SetAsync(object change) => SendAsync(HttpMethod.Patch, "", change);

    /// <summary>A draft; its slug is told.</summary>
    public async Task<string> DraftAsync(string title, string body = "Some text.", string access = "public", string kind = "article") =>
        (await SendAsync(HttpMethod.Post, "posts", new { title, body, access, kind })).GetProperty("slug").GetString()!;

    public async Task<string> PublishedAsync(string title, string body = "Some text.", bool mail = false)
    {
        var slug = await DraftAsync(title, body);
        await SendAsync(HttpMethod.Post, $"posts/{slug}/publish", new { mail });
        return slug;
    }

    public async Task<JsonElement> SourceOfAsync(string slug) => await GetAsync($"posts/{slug}/source");

    /// <summary>Readers of every post whose mailboxes staff vouch for; returns when the mailer has heard of all of them.</summary>
    public async Task<IReadOnlyList<Guid>> AddReadersAsync(params string[] addresses)
    {
        List<Guid> ids = [];
        foreach (var email in addresses)
        {
            var added = await SendAsync(HttpMethod.Post, "subscribers", new { email, cadence = "every_post", confirmed = true });
            ids.Add(added.GetProperty("id").GetGuid());
        }
        await SendAsync(HttpMethod.Put, "segments/all", new { name = "All", newsletter = "posts" });
        await Eventually.TrueAsync(async () => (await GetAsync("segments/all")).GetProperty("readers").GetInt32() >= addresses.Length, $"the mailer knows the readers of {Slug}");
        return ids;
    }

    /// <summary>The edition of the post with this title, as soon as there is one.</summary>
    public async Task<Guid> EditionAsync(string title, TimeSpan? within = null)
    {
        var found = await Eventually.GetAsync<object>(async () => (await GetAsync("editions")).GetProperty("items").EnumerateArray()
            .Where(e => e.GetProperty("subject").GetString()!.Contains(title, StringComparison.Ordinal)).Select(e => (object)e.GetProperty("id").GetGuid()).FirstOrDefault(), $"the edition of {title}", within);
        return (Guid)found;
    }

    public Task SentAsync(Guid edition) => Eventually.TrueAsync(
        async () => (await GetAsync($"editions/{edition}/live")).GetProperty("state").GetString() == "sent", "the edition is sent", TimeSpan.FromSeconds(60));

    /// <summary>A browser of somebody who was invited with a role, and followed the link of the mail.</summary>
    public async Task<StaffBrowser> InvitedAsync(string role, Look? look = null)
    {
        var email = $"{role}-{Slug}@example.com";
        await SendAsync(HttpMethod.Post, "members", new { email, role });
        var invitation = await _house.MailAsync(email, m => m.Text.Contains("/console/sign-in?", StringComparison.Ordinal), "the invitation");
        var browser = await _house.NobodyAsync(look);
        await browser.Page.GotoAsync(invitation.Link("/console/sign-in?").ToString());
        await browser.Button("Sign in to the console").ClickAsync();
        await browser.ConnectedAsync();
        return browser;
    }

    private Uri Api(string path) => new($"/api/v1/publications/{Slug}/{path}".TrimEnd('/'), UriKind.Relative);
}
