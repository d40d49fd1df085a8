using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Contracts;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Tests;

/// <summary>Members, keys, and how staff sign in.</summary>
public sealed class StaffTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task Who_makes_a_publication_becomes_its_owner_also_by_an_API_key()
    {
        var anyone = await _app.ClientAsync(SubscriberApp.OwnerKey, null);
        var me = await anyone.GetFromJsonAsync<JsonElement>("/api/v1/account");
        var publication = await _app.PublicationAsync(createdBy: Keys.ApiKey.OwnersId);

        var after = await anyone.GetFromJsonAsync<JsonElement>("/api/v1/account");

        Assert.Equal("owner@example.com", me.GetProperty("email").GetString());
        Assert.Contains(after.GetProperty("memberships").EnumerateArray(), m => m.GetProperty("slug").GetString() == publication.Slug && m.GetProperty("role").GetString() == "owner");
    }

    [Fact]
    public async Task An_invited_editor_signs_in_by_mail_and_may_what_an_editor_may()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);
        var email = NewAddress();
        using var invited = await owner.PostAsJsonAsync($"{Api(publication)}/members", new { email, role = "editor" });
        Assert.Equal(HttpStatusCode.Created, invited.StatusCode);

        var session = await EnterAsync(email, byCode: false);
        var editor = await _app.ClientAsync(session, publication.Id);

        using var list = await editor.GetAsync($"{Api(publication)}/subscribers");
        using var keys = await editor.GetAsync($"{Api(publication)}/keys");
        using var add = await editor.PostAsJsonAsync($"{Api(publication)}/subscribers", new { email = "x@example.com" });
        using var elsewhere = await _app.ExchangeAsync(session, (await _app.PublicationAsync()).Id);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (list.StatusCode, keys.StatusCode, add.StatusCode));
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
    }

    [Fact]
    public async Task Staff_sign_in_by_code_see_who_they_are_and_sign_out()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);
        var email = NewAddress();
        using (await owner.PostAsJsonAsync($"{Api(publication)}/members", new { email, role = "author" })) { }
        var session = await EnterAsync(email, byCode: true);
        var author = await _app.ClientAsync(session, null);

        var me = await author.GetFromJsonAsync<JsonElement>("/api/v1/account");
        using var left = await author.DeleteAsync("/api/v1/account/session");

        Assert.Equal((email, false), (me.GetProperty("email").GetString(), me.GetProperty("isOperator").GetBoolean()));
        Assert.Equal(HttpStatusCode.NoContent, left.StatusCode);
        using var exchange = await _app.ExchangeAsync(session, null);
        Assert.Equal(HttpStatusCode.Unauthorized, exchange.StatusCode);
    }

    [Fact]
    public async Task Staff_sign_in_answers_alike_for_known_and_unknown_and_a_link_works_once()
    {
        using var client = _app.Service.Anonymous();
        using var unknown = await client.PostAsJsonAsync("/api/v1/account/sign-in", new { email = NewAddress() });
        using var known = await client.PostAsJsonAsync("/api/v1/account/sign-in", new { email = "owner@example.com" });
        var mail = await _app.Service.SentAsync<SendTransactionalMail>(m => m.Template == TransactionalTemplate.StaffSignIn && m.To == "owner@example.com");
        var answer = new { token = SubscriberApp.TokenOf(mail.Values["link"]) };

        using var first = await client.PostAsJsonAsync("/api/v1/account/session", answer);
        using var second = await client.PostAsJsonAsync("/api/v1/account/session", answer);
        using var nothing = await client.PostAsJsonAsync("/api/v1/account/session", new { });

        Assert.Equal(await known.Content.ReadAsStringAsync(), await unknown.Content.ReadAsStringAsync());
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (known.StatusCode, unknown.StatusCode));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (first.StatusCode, second.StatusCode, nothing.StatusCode));
    }

    [Fact]
    public async Task A_lost_role_takes_the_session_and_the_keys_with_it()
    {
        var publication = await _app.PublicationAsync(createdBy: Keys.ApiKey.OwnersId);
        var owner = await _app.OwnerAsync(publication);
        var email = NewAddress();
        using var invited = await owner.PostAsJsonAsync($"{Api(publication)}/members", new { email, role = "owner" });
        var id = (await invited.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        var session = await EnterAsync(email, byCode: false);
        var second = await _app.ClientAsync(session, publication.Id);
        var key = await KeyAsync(second, publication, new { name = "mine", role = "owner" });

        using var removed = await owner.DeleteAsync($"{Api(publication)}/members/{id}");

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        using var bySession = await _app.ExchangeAsync(session, publication.Id);
        using var byKey = await _app.ExchangeAsync(key, publication.Id);
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.Unauthorized), (bySession.StatusCode, byKey.StatusCode));
    }

    [Fact]
    public async Task The_last_owner_can_neither_leave_nor_become_less()
    {
        var publication = await _app.PublicationAsync(createdBy: Keys.ApiKey.OwnersId);
        var owner = await _app.OwnerAsync(publication);
        var members = await owner.GetFromJsonAsync<JsonElement>($"{Api(publication)}/members");
        var id = Assert.Single(members.GetProperty("items").EnumerateArray()).GetProperty("id").GetGuid();

        using var removed = await owner.DeleteAsync($"{Api(publication)}/members/{id}");
        using var lowered = await owner.PatchAsJsonAsync($"{Api(publication)}/members/{id}", new { role = "editor" });

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict), (removed.StatusCode, lowered.StatusCode));
    }

    [Theory]
    [InlineData("operator")]
    [InlineData("reader")]
    public async Task Nobody_becomes_operator_or_reader_by_a_publications_hand(string role)
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);

        using var member = await owner.PostAsJsonAsync($"{Api(publication)}/members", new { email = NewAddress(), role });
        using var key = await owner.PostAsJsonAsync($"{Api(publication)}/keys", new { name = "k", role });

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (member.StatusCode, key.StatusCode));
    }

    [Fact]
    public async Task A_key_that_was_made_with_an_idempotency_key_is_kept_nowhere_in_clear()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);
        owner.DefaultRequestHeaders.Add("Idempotency-Key", Guid.NewGuid().ToString());
        var key = await KeyAsync(owner, publication, new { name = "importer", role = "owner" });

        using var again = await owner.PostAsJsonAsync($"{Api(publication)}/keys", new { name = "importer", role = "owner" });

        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.False(await _app.Service.IsKeptAsync<SubscriberDb>(key));
    }

    [Fact]
    public async Task A_key_works_until_it_is_revoked_and_only_for_its_publication_and_scopes()
    {
        var (publication, other) = (await _app.PublicationAsync(), await _app.PublicationAsync());
        var owner = await _app.OwnerAsync(publication);
        var key = await KeyAsync(owner, publication, new { name = "importer", role = "owner", scopes = new[] { "subscribers:read" } });
        var client = await _app.ClientAsync(key, publication.Id);

        using var read = await client.GetAsync($"{Api(publication)}/subscribers");
        using var write = await client.PostAsJsonAsync($"{Api(publication)}/subscribers", new { email = "x@example.com" });
        using var elsewhere = await _app.ExchangeAsync(key, other.Id);
        var listed = (await owner.GetFromJsonAsync<JsonElement>($"{Api(publication)}/keys")).GetProperty("items")[0];
        using var revoked = await owner.DeleteAsync($"{Api(publication)}/keys/{listed.GetProperty("id").GetGuid()}");
        using var after = await _app.ExchangeAsync(key, publication.Id);

        Assert.StartsWith("nlk_", key, StringComparison.Ordinal);
        Assert.DoesNotContain(key, listed.GetRawText(), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.NotFound), (read.StatusCode, write.StatusCode, elsewhere.StatusCode));
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.Unauthorized), (revoked.StatusCode, after.StatusCode));
    }

    [Fact]
    public async Task A_key_makes_no_key_that_may_more()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);
        var limited = await _app.ClientAsync(await KeyAsync(owner, publication, new { name = "keys", role = "owner", scopes = new[] { "keys:write" } }), publication.Id);

        using var all = await limited.PostAsJsonAsync($"{Api(publication)}/keys", new { name = "all", role = "owner" });
        using var more = await limited.PostAsJsonAsync($"{Api(publication)}/keys", new { name = "more", role = "owner", scopes = new[] { "subscribers:export" } });
        using var same = await limited.PostAsJsonAsync($"{Api(publication)}/keys", new { name = "same", role = "owner", scopes = new[] { "keys:write" } });
        using var unknown = await owner.PostAsJsonAsync($"{Api(publication)}/keys", new { name = "u", role = "author", scopes = new[] { "keys:write" } });

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Created, HttpStatusCode.BadRequest), (all.StatusCode, more.StatusCode, same.StatusCode, unknown.StatusCode));
    }

    [Fact]
    public async Task Nobody_gives_a_member_a_role_that_may_more_than_they_do()
    {
        var publication = await _app.PublicationAsync(createdBy: Keys.ApiKey.OwnersId);
        var owner = await _app.OwnerAsync(publication);
        using var invited = await owner.PostAsJsonAsync($"{Api(publication)}/members", new { email = NewAddress(), role = "author" });
        var author = (await invited.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        var scopes = new[] { "staff:write", "publication:read", "posts:read", "posts:write", "editions:read" };
        var limited = await _app.ClientAsync(await KeyAsync(owner, publication, new { name = "staff", role = "owner", scopes }), publication.Id);

        using var second = await limited.PostAsJsonAsync($"{Api(publication)}/members", new { email = NewAddress(), role = "owner" });
        using var raised = await limited.PatchAsJsonAsync($"{Api(publication)}/members/{author}", new { role = "owner" });
        using var equal = await limited.PostAsJsonAsync($"{Api(publication)}/members", new { email = NewAddress(), role = "author" });

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Created), (second.StatusCode, raised.StatusCode, equal.StatusCode));
        var members = (await owner.GetFromJsonAsync<JsonElement>($"{Api(publication)}/members")).GetProperty("items").EnumerateArray().ToList();
        Assert.Single(members, m => m.GetProperty("role").GetString() == "owner");
    }

    [Fact]
    public async Task A_key_ends_when_it_was_said_to()
    {
        await using var app = await SubscriberApp.StartAsync();
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        var key = await KeyAsync(owner, publication, new { name = "k", role = "author", expiresAt = DateTimeOffset.UtcNow.AddHours(1) });

        app.Service.Time.Advance(TimeSpan.FromHours(2));

        using var exchange = await app.ExchangeAsync(key, publication.Id);
        Assert.Equal(HttpStatusCode.Unauthorized, exchange.StatusCode);
    }

    private static string NewAddress() => $"staff-{Guid.NewGuid():N}@example.com";

    private static string Api(PublicationSnapshot publication) => $"/api/v1/publications/{publication.Slug}";

    private static async Task<string> KeyAsync(HttpClient client, PublicationSnapshot publication, object request)
    {
        using var made = await client.PostAsJsonAsync($"{Api(publication)}/keys", request);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        return (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;
    }

    /// <summary>With what the invitation's mail says.</summary>
    private async Task<string> EnterAsync(string email, bool byCode)
    {
        var mail = await _app.Service.SentAsync<SendTransactionalMail>(m => m.Template == TransactionalTemplate.StaffSignIn && m.To == email);
        using var client = _app.Service.Anonymous();
        using var answer = await client.PostAsJsonAsync("/api/v1/account/session",
            byCode ? new { email, code = mail.Values["code"] } : new { token = SubscriberApp.TokenOf(mail.Values["link"]) } as object);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("session").GetString()!;
    }
}
