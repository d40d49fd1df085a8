using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests.Neighbours;

/// <summary>One of several publications of an installation, as its staff and its readers use it.</summary>
public sealed class Site
{
    private readonly Installation _house;

    private Site(Installation house, Guid id, string slug, HttpClient owner) => (_house, Id, Slug, Owner) = (house, id, slug, owner);

    public Guid Id { get; }
    public string Slug { get; }
    public string Base => _house.BaseUrlOf(Slug);
    public string Api => $"/api/v1/publications/{Slug}";

    /// <summary>The API with a key of this publication, not of the installation.</summary>
    public HttpClient Owner { get; }

    /// <summary>As soon as every service has heard of the publication.</summary>
    public static async Task<Site> OpenAsync(Installation house, string slug)
    {
        var api = $"/api/v1/publications/{slug}";
        await Eventually.TrueAsync(async () =>
        {
            foreach (var of in (string[])["keys", "tiers", "segments"])
            {
                using var known = await house.Staff().GetAsync($"{api}/{of}");
                if (!known.IsSuccessStatusCode) return false;
            }
            return true;
        }, $"every service knows {slug}");
        using var made = await house.Staff().PostAsJsonAsync($"{api}/keys", new { name = "neighbours", role = "owner" });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var key = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;
        var publication = await house.Staff().GetFromJsonAsync<JsonElement>(api);
        return new(house, publication.GetProperty("id").GetGuid(), slug, house.Staff(key));
    }

    /// <summary>Fills the form in, and waits for this publication's mail.</summary>
    public async Task<Mail> SubscribeAsync(string address)
    {
        var browser = new Browser(_house.Visitor());
        var asked = await browser.SubmitAsync(await browser.OpenAsync($"{Base}/subscribe"), "main form", ("email", address));
        Assert.Equal(HttpStatusCode.OK, asked.Status);
        return await _house.MailAsync(address, m => m.Text.Contains($"{Base}/confirm?", StringComparison.Ordinal), $"the confirmation of {Slug}");
    }

    /// <summary>A reader who has just confirmed: their browser, signed in here.</summary>
    public async Task<HttpClient> ReaderAsync(string address)
    {
        var confirmation = await SubscribeAsync(address);
        var client = _house.Visitor();
        var browser = new Browser(client);
        var welcome = await browser.SubmitAsync(await browser.OpenAsync(confirmation.Link("/confirm?")), "main form[method=post]");
        Assert.Equal($"{Base}/account", welcome.Address.GetLeftPart(UriPartial.Path));
        return client;
    }

    /// <summary>Readers of every post whose mailboxes staff vouch for; returns when the mailer has heard of all of them.</summary>
    public async Task AddReadersAsync(string tag, params string[] addresses)
    {
        foreach (var email in addresses)
        {
            using var added = await Owner.PostAsJsonAsync($"{Api}/subscribers", new { email, cadence = "every_post", tags = new[] { tag }, confirmed = true });
            Assert.Equal(HttpStatusCode.Created, added.StatusCode);
        }
        using var defined = await Owner.PutAsJsonAsync($"{Api}/segments/{tag}", new { name = tag, newsletter = "posts", tag });
        defined.EnsureSuccessStatusCode();
        await Eventually.TrueAsync(async () =>
            (await Owner.GetFromJsonAsync<JsonElement>($"{Api}/segments/{tag}")).GetProperty("readers").GetInt32() == addresses.Length, $"the mailer of {Slug} knows {tag}");
    }

    public async Task PublishAsync(string slug, string access = "public", bool mail = false)
    {
        using var made = await Owner.PostAsJsonAsync($"{Api}/posts", new
        {
            title = $"Post {slug}",
            slug,
            access,
            topics = new[] { slug },
            body = $"The free beginning, and [another post]({Base}/posts/other).\n\n<!--more-->\n\nThe rest of it.",
        });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        using var published = await Owner.PostAsJsonAsync($"{Api}/posts/{slug}/publish", new { mail });
        Assert.True(published.IsSuccessStatusCode, await published.Content.ReadAsStringAsync());
    }

    /// <summary>The edition that mailed a post, when all of it has been handed over; null while there is none.</summary>
    public async Task<JsonElement?> SentEditionAsync(string post)
    {
        var editions = await Owner.GetFromJsonAsync<JsonElement>($"{Api}/editions");
        var found = editions.GetProperty("items").EnumerateArray().Where(e => e.GetProperty("subject").GetString()!.Contains(post, StringComparison.Ordinal)).ToList();
        return found is [var edition] && edition.GetProperty("state").GetString() == "sent" ? edition : null;
    }

    public async Task<string?> StatusOfAsync(string address)
    {
        var found = await Owner.GetFromJsonAsync<JsonElement>($"{Api}/subscribers?q={Uri.EscapeDataString(address)}");
        return found.GetProperty("items").EnumerateArray().Select(s => s.GetProperty("status").GetString()).SingleOrDefault();
    }
}
