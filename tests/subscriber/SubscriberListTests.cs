using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Tests;

/// <summary>Staff's view of the subscribers: list, change, import, export.</summary>
public sealed class SubscriberListTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task The_list_pages_searches_and_filters_by_derived_status()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);
        foreach (var row in new[] { "a1@example.com,Ada One,weekly,true", "a2@example.com,,none,true", "b1@example.com,Bob,weekly,false" })
            await ImportAsync(owner, publication, $"email,name,cadence,confirmed\n{row}\n");

        var first = await GetAsync(owner, publication, "?limit=2");
        var second = await GetAsync(owner, publication, $"?limit=2&cursor={first.GetProperty("next").GetString()}");

        Assert.Equal(["b1@example.com", "a2@example.com"], Emails(first));
        Assert.Equal(["a1@example.com"], Emails(second));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
        Assert.Equal(["a2@example.com", "a1@example.com"], Emails(await GetAsync(owner, publication, "?q=A")));
        Assert.Equal(["a1@example.com"], Emails(await GetAsync(owner, publication, "?q=ada%20one")));
        Assert.Equal(["b1@example.com"], Emails(await GetAsync(owner, publication, "?status=pending")));
        Assert.Equal(["a1@example.com"], Emails(await GetAsync(owner, publication, "?status=active")));
        Assert.Equal(["a2@example.com"], Emails(await GetAsync(owner, publication, "?status=unsubscribed")));
    }

    [Fact]
    public async Task Readers_are_asked_for_by_their_ids_and_a_neighbour_s_are_not_told()
    {
        var (publication, neighbour) = (await _app.PublicationAsync(), await _app.PublicationAsync());
        var (owner, other) = (await _app.OwnerAsync(publication), await _app.OwnerAsync(neighbour));
        await ImportAsync(owner, publication, "email\nc@example.com\n");
        foreach (var email in (string[])["a@example.com", "b@example.com"])
        {
            using var added = await owner.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscribers", new { email, cadence = "weekly", confirmed = true, tags = new[] { "one" } });
            Assert.Equal(HttpStatusCode.Created, added.StatusCode);
        }
        await ImportAsync(other, neighbour, "email\nelsewhere@example.com\n");
        var ids = (await GetAsync(owner, publication, "")).GetProperty("items").EnumerateArray().Concat((await GetAsync(other, neighbour, "")).GetProperty("items").EnumerateArray())
            .ToDictionary(s => s.GetProperty("email").GetString()!, s => s.GetProperty("id").GetGuid());

        Assert.Equal(["c@example.com", "a@example.com"], Emails(await GetAsync(owner, publication, $"?id={ids["a@example.com"]}&id={ids["c@example.com"]}&id={ids["elsewhere@example.com"]}")).OrderDescending());
        Assert.Equal(["a@example.com"], Emails(await GetAsync(owner, publication, $"?id={ids["a@example.com"]}&id={ids["c@example.com"]}&tag=one")));
    }

    [Theory]
    [InlineData("?limit=101")]
    [InlineData("?id=nobody")]
    [InlineData("?limit=0")]
    [InlineData("?cursor=!!!")]
    [InlineData("?cursor=AAAA")]
    [InlineData("?status=happy")]
    [InlineData("?q=%00")]
    public async Task A_bad_query_is_a_problem(string query)
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);

        using var answer = await owner.GetAsync($"/api/v1/publications/{publication.Slug}/subscribers{query}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Staff_add_change_and_find_a_subscriber_and_the_others_are_told()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);
        var path = $"/api/v1/publications/{publication.Slug}/subscribers";

        using var added = await owner.PostAsJsonAsync(path, new { email = "ada@example.com", cadence = "weekly", confirmed = true });
        using var twice = await owner.PostAsJsonAsync(path, new { email = "ADA@example.com" });
        using var changed = await owner.PatchAsJsonAsync(added.Headers.Location, new { name = "Ada", cadence = "every_post", tags = new[] { "vip" } });
        var found = await owner.GetFromJsonAsync<JsonElement>(added.Headers.Location);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Conflict, HttpStatusCode.OK), (added.StatusCode, twice.StatusCode, changed.StatusCode));
        Assert.Equal(("Ada", "every_post", "active"), (found.GetProperty("name").GetString(), found.GetProperty("cadence").GetString(), found.GetProperty("status").GetString()));
        var snapshot = await _app.SnapshotAsync(publication, "ada@example.com", s => s.Tags.Count == 1);
        Assert.Equal(("staff", publication.Newsletters[0].Id), (Assert.Single(snapshot.Consents).Source, snapshot.Consents[0].NewsletterId));
    }

    [Fact]
    public async Task Changes_of_one_moment_are_all_made_and_a_resync_at_that_moment_refuses_none()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);
        using var added = await owner.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscribers", new { email = "ada@example.com", confirmed = true });

        var resync = _app.Service.PublishAsync(new RequestResync(nameof(SubscribersChanged)));
        var changes = await Task.WhenAll(
            owner.PatchAsJsonAsync(added.Headers.Location, new { name = "Ada" }),
            owner.PatchAsJsonAsync(added.Headers.Location, new { topics = new[] { "vision" } }),
            owner.PatchAsJsonAsync(added.Headers.Location, new { tags = new[] { "vip" } }),
            owner.PatchAsJsonAsync(added.Headers.Location, new { timeZone = "Europe/Vienna" }));
        await resync;

        Assert.All(changes, c => Assert.Equal(HttpStatusCode.OK, c.StatusCode));
        var found = await owner.GetFromJsonAsync<JsonElement>(added.Headers.Location);
        Assert.Equal(("Ada", "vision", "vip", "Europe/Vienna"),
            (found.GetProperty("name").GetString(), found.GetProperty("topics")[0].GetString(), found.GetProperty("tags")[0].GetString(), found.GetProperty("timeZone").GetString()));
        // Who had to begin anew is told of once, and nobody twice.
        foreach (var property in new[] { "name", "topics", "tags", "timeZone" })
        {
            await _app.Service.SentAsync<StaffActed>(acted => Tells(acted, property));
            Assert.Single(_app.Service.Sent<StaffActed>(), acted => Tells(acted, property));
        }

        bool Tells(StaffActed acted, string property) =>
            acted.PublicationId == publication.Id && acted.Action == "PATCH subscribers/{id}" && acted.Changes.Any(c => c.Property == property);
    }

    [Fact]
    public async Task A_subscriber_of_another_publication_is_not_there()
    {
        var (publication, other) = (await _app.PublicationAsync(), await _app.PublicationAsync());
        await _app.ReaderAsync(other, "ada@example.com");
        var id = (await _app.SnapshotAsync(other, "ada@example.com")).Id;
        var owner = await _app.OwnerAsync(publication);
        var path = $"/api/v1/publications/{publication.Slug}/subscribers/{id}";

        using var get = await owner.GetAsync(path);
        using var patch = await owner.PatchAsJsonAsync(path, new { name = "x" });
        using var delete = await owner.DeleteAsync(path);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.NotFound), (get.StatusCode, patch.StatusCode, delete.StatusCode));
        Assert.True(await _app.AnyAsync(other, s => s.Id == id));
    }

    [Fact]
    public async Task An_import_adds_tells_in_batches_leaves_known_people_alone_and_names_what_it_refuses()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);
        await _app.ReaderAsync(publication, "known@example.com");
        var known = await _app.SnapshotAsync(publication, "known@example.com", s => s.ConfirmedAt is not null);
        var csv = new StringBuilder("Email,Name,cadence,topics,timeZone\n");
        for (var i = 0; i < 700; i++) csv.Append(System.Globalization.CultureInfo.InvariantCulture, $"r{i}@example.com,Reader {i},weekly,vision;nlp,Europe/Vienna\n");
        csv.Append("known@example.com,Mallory,every_post,,\nbroken,,,,\nr1@example.com,,,,\nx@example.com,\"a,b\",hourly,,\ny@example.com,,,Not A Slug,\nz@example.com,,,,Mars/Olympus\n");

        var answer = await ImportAsync(owner, publication, csv.ToString(), "?confirmed=true");

        Assert.Equal((700, 1, 5), (answer.GetProperty("added").GetInt32(), answer.GetProperty("known").GetInt32(), answer.GetProperty("refusedLines").GetInt32()));
        Assert.Equal([703, 704, 705, 706, 707], answer.GetProperty("refused").EnumerateArray().Select(r => r.GetProperty("line").GetInt32()));
        var last = await _app.SnapshotAsync(publication, "r699@example.com");
        Assert.Equal(("import", "Europe/Vienna", 2), (Assert.Single(last.Consents).Source, last.TimeZone, last.Topics.Count));
        Assert.NotNull(last.ConfirmedAt);
        Assert.Equal([500, 200], _app.Service.Sent<SubscribersChanged>().Where(c => c.PublicationId == publication.Id && c.Subscribers.Count > 1).Select(c => c.Subscribers.Count).OrderDescending());
        Assert.True(await _app.AnyAsync(publication, s => s.NormalisedEmail == "known@example.com" && s.Version == known.Version));
    }

    [Fact]
    public async Task A_file_sent_in_parts_names_refused_lines_as_in_the_whole()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);

        var whole = await ImportAsync(owner, publication, "email\na@example.com\nbroken\n");
        var part = await ImportAsync(owner, publication, "email\nwrong\nb@example.com\nbroken\n", "?firstLine=1002");
        using var json = await owner.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscribers/import?firstLine=11", new[] { new { email = "c@example.com" }, new { email = "broken" } });
        using var nothing = await owner.PostAsync($"/api/v1/publications/{publication.Slug}/subscribers/import?firstLine=0", new StringContent("email\n", Encoding.UTF8, "text/csv"));

        static IEnumerable<int> Lines(JsonElement answer) => answer.GetProperty("refused").EnumerateArray().Select(r => r.GetProperty("line").GetInt32());
        Assert.Equal([3], Lines(whole));
        Assert.Equal([1002, 1004], Lines(part));
        Assert.Equal([12], Lines(await json.Content.ReadFromJsonAsync<JsonElement>()));
        Assert.Equal(HttpStatusCode.BadRequest, nothing.StatusCode);
    }

    [Fact]
    public async Task An_import_that_staff_do_not_vouch_for_mails_everybody_to_confirm()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);

        using var answer = await owner.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscribers/import",
            new object?[] { new { email = "a@example.com" }, new { email = "b@example.com", confirmed = true }, null });

        var told = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((2, 1), (told.GetProperty("added").GetInt32(), told.GetProperty("refusedLines").GetInt32()));
        await _app.MailAsync(publication, "a@example.com", TransactionalTemplate.Confirmation);
        Assert.NotNull((await _app.SnapshotAsync(publication, "b@example.com")).ConfirmedAt);
        Assert.Empty(_app.MailsTo(publication, "b@example.com", TransactionalTemplate.Confirmation));
    }

    [Theory]
    [InlineData("application/json", "[{\"email\":\"a@example.com\"},", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "{\"email\":\"a@example.com\"}", HttpStatusCode.BadRequest)]
    [InlineData("text/csv", "name\nAda\n", HttpStatusCode.BadRequest)]
    [InlineData("text/csv", "", HttpStatusCode.BadRequest)]
    [InlineData("text/plain", "email\na@example.com\n", HttpStatusCode.UnsupportedMediaType)]
    public async Task A_broken_import_is_a_problem_and_writes_nothing(string type, string body, HttpStatusCode expected)
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);

        using var answer = await owner.PostAsync($"/api/v1/publications/{publication.Slug}/subscribers/import", new StringContent(body, Encoding.UTF8, type));

        Assert.Equal(expected, answer.StatusCode);
        Assert.False(await _app.AnyAsync(publication, _ => true));
    }

    [Fact]
    public async Task An_import_takes_five_megabytes_refuses_eleven_and_survives_a_line_without_end()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);
        owner.DefaultRequestHeaders.ExpectContinue = true;
        var path = $"/api/v1/publications/{publication.Slug}/subscribers/import?confirmed=true";

        using var large = await owner.PostAsync(path, new StringContent($"email,name\na@example.com,Ada\n{new string(' ', 1 << 10)}\n" + string.Concat(Enumerable.Repeat("bad,bad\n", 5 << 17)), Encoding.UTF8, "text/csv"));
        using var huge = await owner.PostAsync(path, new StringContent("email\n" + new string('x', 11 << 20), Encoding.UTF8, "text/csv"));
        using var endless = await owner.PostAsync(path, new StringContent("email,name\nb@example.com,\"" + new string('x', 1 << 20), Encoding.UTF8, "text/csv"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.BadRequest), (large.StatusCode, huge.StatusCode, endless.StatusCode));
        Assert.False(await _app.AnyAsync(publication, s => s.NormalisedEmail == "b@example.com"));
    }

    [Fact]
    public async Task The_export_is_harmless_in_a_spreadsheet_and_comes_back_as_an_import()
    {
        var (publication, copy) = (await _app.PublicationAsync(), await _app.PublicationAsync());
        var owner = await _app.OwnerAsync(publication);
        var rows = Enumerable.Range(0, 600).Select(i => new { email = $"+r{i}@example.com", name = "=HYPERLINK(\"http://evil.example\")", topics = new[] { "nlp" }, confirmed = true });
        using (await owner.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscribers/import", rows)) { }

        var csv = await owner.GetStringAsync($"/api/v1/publications/{publication.Slug}/subscribers/export");
        var again = await ImportAsync(await _app.OwnerAsync(copy), copy, csv);

        Assert.Equal(601, csv.Trim().Split('\n').Length);
        Assert.DoesNotContain("\n=", csv.Replace(",\"", "\n", StringComparison.Ordinal).Replace(',', '\n'), StringComparison.Ordinal);
        Assert.Equal(600, again.GetProperty("added").GetInt32());
        Assert.Equal(600, await _app.Service.WithDbAsync<SubscriberDb, int>(db => db.Subscribers.CountAsync(s => s.PublicationId == copy.Id && s.ConfirmedAt != null && s.Name!.StartsWith("=HYPER"))));
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, PublicationSnapshot publication, string query) =>
        await client.GetFromJsonAsync<JsonElement>($"/api/v1/publications/{publication.Slug}/subscribers{query}");

    private static List<string?> Emails(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(s => s.GetProperty("email").GetString()).ToList();

    private static async Task<JsonElement> ImportAsync(HttpClient client, PublicationSnapshot publication, string csv, string query = "")
    {
        using var answer = await client.PostAsync($"/api/v1/publications/{publication.Slug}/subscribers/import{query}", new StringContent(csv, Encoding.UTF8, "text/csv"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
