using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Subscriber.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Subscriber.Tests;

public sealed class AuditTests(SubscriberFixture fixture) : AuditCases(fixture.App), IClassFixture<SubscriberFixture>;

public sealed class SqliteAuditTests(SqliteSubscriberFixture fixture) : AuditCases(fixture.App), IClassFixture<SqliteSubscriberFixture>;

/// <summary>What staff do leaves an entry that says who, what, before and after, and from where; and nothing else does.</summary>
public abstract class AuditCases(SubscriberApp app)
{
    [Fact]
    public async Task A_change_of_a_member_s_role_is_told_with_before_and_after_and_by_whose_key_it_was_made()
    {
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        owner.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7, 198.51.100.20");
        var member = await PostAsync(owner, publication, "members", new { email = "eda@example.com", role = "author" });
        var path = $"members/{member.GetProperty("id").GetString()}";

        using var changed = await owner.PatchAsJsonAsync(Path(publication, path), new { role = "editor" });

        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        var entry = await EntryAsync(owner, publication, "PATCH members/{id}");
        Assert.Equal(("key", "owner@example.com", "Owner's key"), (Text(entry, "who", "kind"), Text(entry, "who", "email"), Text(entry, "who", "name")));
        Assert.Equal(("operator", path, "198.51.100.20"), (Text(entry, "role"), Text(entry, "object"), Text(entry, "from")));
        Assert.Matches("^[0-9a-f]{32}$", Text(entry, "traceId")!);
        Assert.Equal(("role", "author", "editor"), ChangeOf(entry, "membership"));
        Assert.Equal(path["members/".Length..], entry.GetProperty("changes")[0].GetProperty("id").GetString());
    }

    [Fact]
    public async Task What_is_refused_or_only_read_leaves_no_entry()
    {
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        var author = await KeyAsync(owner, publication, "author");
        foreach (var (client, method, path, body) in ((HttpClient, HttpMethod, string, object)[])[
            (author, HttpMethod.Post, "members", new { email = "eda@example.com", role = "owner" }),
            (owner, HttpMethod.Post, "members", new { email = "no address", role = "author" }),
            (owner, HttpMethod.Delete, $"keys/{Guid.CreateVersion7()}", new { })])
        {
            using var refused = await client.SendAsync(new(method, Path(publication, path)) { Content = JsonContent.Create(body) });
            Assert.False(refused.IsSuccessStatusCode, path);
        }
        using var read = await owner.GetAsync(Path(publication, "members"));

        // What comes after is there, so what was before would be.
        await PostAsync(owner, publication, "members", new { email = "eda@example.com", role = "author" });
        await EntryAsync(owner, publication, "POST members");
        await EntryAsync(owner, publication, "POST keys");
        Assert.Equal(["POST members", "POST keys"], await ActionsAsync(owner, publication));
    }

    [Fact]
    public async Task Neither_a_key_nor_a_reader_s_address_or_name_gets_into_the_log()
    {
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        var key = await PostAsync(owner, publication, "keys", new { name = "Import", role = "author" });
        var secret = key.GetProperty("key").GetString()!;
        var reader = await PostAsync(owner, publication, "subscribers", new { email = "Very.Private@example.com", name = "Ada Secret", tags = new[] { "vip" }, confirmed = true });
        using var changed = await owner.PatchAsJsonAsync(Path(publication, $"subscribers/{reader.GetProperty("id").GetString()}"), new { name = "Bob Hidden" });
        using var erased = await owner.DeleteAsync(Path(publication, $"subscribers/{reader.GetProperty("id").GetString()}"));

        var entry = await EntryAsync(owner, publication, "PATCH subscribers/{id}");
        await EntryAsync(owner, publication, "DELETE subscribers/{id}");
        await EntryAsync(owner, publication, "POST subscribers");
        var name = Assert.Single(entry.GetProperty("changes").EnumerateArray());
        Assert.Equal(("name", true, JsonValueKind.Null), (Text(name, "property"), name.GetProperty("withheld").GetBoolean(), name.GetProperty("after").ValueKind));
        var rows = await app.Service.WithDbAsync<SubscriberDb, List<string>>(db =>
            db.AuditEntries.Where(e => e.PublicationId == publication.Id).Select(e => e.Words).ToListAsync());
        var told = string.Join('\n', rows) + (await ListAsync(owner, publication)).GetRawText() + JsonSerializer.Serialize(app.Service.Sent<StaffActed>().Where(a => a.PublicationId == publication.Id));
        Assert.Contains("vip", told, StringComparison.Ordinal);
        foreach (var hidden in new[] { secret, secret[..8], "private@", "ada secret", "hidden" }) Assert.DoesNotContain(hidden, told, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task An_import_of_many_is_one_entry_with_their_number()
    {
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        var csv = "email\n" + string.Join('\n', Enumerable.Range(0, 30).Select(n => $"r{n}@example.com"));
        using var imported = await owner.PostAsync(Path(publication, "subscribers/import?confirmed=true"), new StringContent(csv, Encoding.UTF8, "text/csv"));

        var entry = await EntryAsync(owner, publication, "POST subscribers/import");

        Assert.Equal(("added", null, "30"), ChangeOf(entry, "subscriber"));
    }

    [Fact]
    public async Task A_call_given_its_first_answer_again_is_told_once()
    {
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        for (var n = 0; n < 2; n++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Path(publication, "members")) { Content = JsonContent.Create(new { email = "eda@example.com", role = "author" }) };
            request.Headers.Add("Idempotency-Key", "once");
            using var answer = await owner.SendAsync(request);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        }
        await PostAsync(owner, publication, "keys", new { name = "Last", role = "author" });
        await EntryAsync(owner, publication, "POST keys");
        await EntryAsync(owner, publication, "POST members");

        Assert.Equal(["POST keys", "POST members"], await ActionsAsync(owner, publication));
    }

    [Fact]
    public async Task The_log_is_searched_by_words_person_deed_thing_and_time_and_pages()
    {
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        var editor = await KeyAsync(owner, publication, "owner", "The Editor's");
        var email = $"eda{Guid.NewGuid():N}@example.com";
        var made = await PostAsync(editor, publication, "members", new { email, role = "author" });
        var member = $"members/{made.GetProperty("id").GetString()}";
        using var removed = await owner.DeleteAsync(Path(publication, member));
        await EntryAsync(owner, publication, "DELETE members/{id}");
        await EntryAsync(owner, publication, "POST keys");
        var who = (await EntryAsync(owner, publication, "POST members")).GetProperty("who").GetProperty("id").GetString();
        var before = DateTimeOffset.UtcNow.AddHours(-1).ToString("O");

        Assert.Equal(["POST members"], await ActionsAsync(owner, publication, $"?who={who}"));
        Assert.Equal(["POST members"], await ActionsAsync(owner, publication, $"?q={email.ToUpperInvariant()}"));
        Assert.Equal(["POST keys"], await ActionsAsync(owner, publication, "?action=POST%20keys"));
        Assert.Equal(["DELETE members/{id}"], await ActionsAsync(owner, publication, $"?object={member}"));
        Assert.Equal(["DELETE members/{id}", "POST members"], await ActionsAsync(owner, publication, "?object=members"));
        Assert.Empty(await ActionsAsync(owner, publication, $"?to={Uri.EscapeDataString(before)}"));
        Assert.Equal(3, (await ActionsAsync(owner, publication, $"?from={Uri.EscapeDataString(before)}")).Count);
        var first = await ListAsync(owner, publication, "?limit=2");
        Assert.Equal(["POST keys"], await ActionsAsync(owner, publication, $"?limit=2&cursor={Text(first, "next")}"));
    }

    [Fact]
    public async Task Another_publication_s_owner_and_an_editor_see_nothing_of_it()
    {
        var (publication, other) = (await app.PublicationAsync(), await app.PublicationAsync());
        var owner = await app.OwnerAsync(publication);
        var neighbour = await KeyAsync(await app.OwnerAsync(other), other, "owner");
        var editor = await KeyAsync(owner, publication, "editor");
        await EntryAsync(owner, publication, "POST keys");

        using var foreign = await neighbour.GetAsync(Path(publication, "audit"));
        using var mere = await editor.GetAsync(Path(publication, "audit"));
        using var installation = await neighbour.GetAsync("/api/v1/audit");

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (foreign.StatusCode, mere.StatusCode, installation.StatusCode));
        await EntryAsync(neighbour, other, "POST keys");
        Assert.All((await ListAsync(neighbour, other)).GetProperty("items").EnumerateArray(), e => Assert.DoesNotContain("editor", e.GetRawText(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Staff_who_sign_in_and_out_are_told_of_to_operators()
    {
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        var email = $"eda{Guid.NewGuid():N}@example.com";
        await PostAsync(owner, publication, "members", new { email, role = "author" });
        var mail = await Eventually.GetAsync(() => Task.FromResult(app.Service.Sent<SendTransactionalMail>().FirstOrDefault(m => m.To == email)), "the invitation");
        using var visitor = app.Service.Anonymous();
        using var wrong = await visitor.PostAsJsonAsync("/api/v1/account/session", new { email, code = "000000" });
        using var entered = await visitor.PostAsJsonAsync("/api/v1/account/session", new { token = SubscriberApp.TokenOf(mail.Values["link"]) });
        var session = (await entered.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("session").GetString()!;
        var staff = await app.ClientAsync(session, null);
        using var left = await staff.DeleteAsync(new Uri("/api/v1/account/session", UriKind.Relative));

        var operators = await app.ClientAsync(SubscriberApp.OwnerKey, null);
        var entries = await Eventually.GetAsync(
            async () => (await operators.GetFromJsonAsync<JsonElement>("/api/v1/audit")).GetProperty("items").EnumerateArray()
                .Where(e => Text(e, "who", "email") == email).Select(e => Text(e, "action")).ToList() is { Count: 2 } both ? both : null, "two entries");

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.NoContent), (wrong.StatusCode, entered.StatusCode, left.StatusCode));
        Assert.Equal(["DELETE account/session", "POST account/session"], entries);
    }

    [Fact]
    public async Task The_database_refuses_to_change_or_delete_an_entry_until_it_is_old()
    {
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        await PostAsync(owner, publication, "keys", new { name = "Import", role = "author" });
        await EntryAsync(owner, publication, "POST keys");

        Task<int> TryAsync(Func<IQueryable<Audit.AuditEntry>, Task<int>> statement) =>
            app.Service.WithDbAsync<SubscriberDb, int>(db => statement(db.AuditEntries.Where(e => e.PublicationId == publication.Id)));
        var update = await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => TryAsync(all => all.ExecuteUpdateAsync(s => s.SetProperty(e => e.Action, "nothing"))));
        var delete = await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => TryAsync(all => all.ExecuteDeleteAsync()));

        Assert.Contains("append-only", update.Message, StringComparison.Ordinal);
        Assert.Contains("append-only", delete.Message, StringComparison.Ordinal);
        Assert.Equal(["POST keys"], await ActionsAsync(owner, publication));
    }

    [Fact]
    public async Task A_second_delivery_of_an_entry_is_one_entry()
    {
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        await PostAsync(owner, publication, "keys", new { name = "Import", role = "author" });
        await EntryAsync(owner, publication, "POST keys");
        var acted = await app.Service.SentAsync<StaffActed>(a => a.PublicationId == publication.Id);

        await app.Service.PublishAsync(acted);

        Assert.Equal(["POST keys"], await ActionsAsync(owner, publication));
    }

    protected static Uri Path(PublicationSnapshot publication, string path) => new($"/api/v1/publications/{publication.Slug}/{path}", UriKind.Relative);

    private static async Task<JsonElement> PostAsync(HttpClient client, PublicationSnapshot publication, string path, object body)
    {
        using var answer = await client.PostAsJsonAsync(Path(publication, path), body);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task<HttpClient> KeyAsync(HttpClient owner, PublicationSnapshot publication, string role, string name = "A key")
    {
        var made = await PostAsync(owner, publication, "keys", new { name, role });
        return await app.ClientAsync(made.GetProperty("key").GetString()!, publication.Id);
    }

    private static Task<JsonElement> ListAsync(HttpClient client, PublicationSnapshot publication, string query = "") =>
        client.GetFromJsonAsync<JsonElement>(Path(publication, $"audit{query}"));

    private static async Task<List<string?>> ActionsAsync(HttpClient client, PublicationSnapshot publication, string query = "") =>
        (await ListAsync(client, publication, query)).GetProperty("items").EnumerateArray().Select(e => Text(e, "action")).ToList();

    private static async Task<JsonElement> EntryAsync(HttpClient client, PublicationSnapshot publication, string action) => (await Eventually.GetAsync(
        async () => (await ListAsync(client, publication)).GetProperty("items").EnumerateArray().Where(e => Text(e, "action") == action).Take(1).ToList() is { Count: 1 } found ? found : null,
        $"an entry {action}"))[0];

    private static (string?, string?, string?) ChangeOf(JsonElement entry, string entity)
    {
        var change = entry.GetProperty("changes").EnumerateArray().First(c => Text(c, "entity") == entity);
        return (Text(change, "property"), Text(change, "before"), Text(change, "after"));
    }

    private static string? Text(JsonElement json, params string[] path) => path.Aggregate(json, (at, name) => at.GetProperty(name)).GetString();
}

/// <summary>Entries leave when they are older than the setting says, and not before.</summary>
public sealed class AuditPruningTests
{
    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Sqlite)]
    public async Task The_housekeeping_takes_away_what_is_older_than_a_year_and_nothing_else(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using (var app = await SubscriberApp.StartAsync(useDatabase: database))
        {
            // Its first round is at the start, and takes away what is there by then.
            var @operator = await app.ClientAsync(SubscriberApp.OwnerKey, null);
            await Eventually.TrueAsync(async () => (await @operator.GetFromJsonAsync<JsonElement>("/api/v1/operations/subscriber")).GetProperty("schedules").EnumerateArray()
                .Any(s => s.GetProperty("name").GetString() == "housekeeping" && s.GetProperty("lastRunAt").ValueKind != JsonValueKind.Null), "the first round");
            foreach (var days in new[] { 364, 366 }) await app.Service.PublishAsync(Deed(DateTimeOffset.UtcNow.AddDays(-days)));
            Assert.Equal(2, await CountAsync(app));
        }

        await using var again = await SubscriberApp.StartAsync(useDatabase: database);
        await Eventually.TrueAsync(async () => await CountAsync(again) == 1, "one entry");

        static Task<int> CountAsync(SubscriberApp app) => app.Service.WithDbAsync<SubscriberDb, int>(db => db.AuditEntries.CountAsync());
    }

    private static StaffActed Deed(DateTimeOffset at) =>
        new() { Id = Guid.CreateVersion7(at), At = at, Who = Guid.CreateVersion7(), Role = "operator", Action = "POST publications", Target = "publications" };
}
