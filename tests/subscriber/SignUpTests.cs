using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Tests;

public sealed class SignUpTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task A_new_address_is_pending_and_gets_a_confirmation_with_link_and_unsubscribe_link()
    {
        var publication = await _app.PublicationAsync();

        using var answer = await _app.SubscribeAsync(publication, new { email = "Ada@Example.com", name = "Ada", cadence = "weekly" });

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var mail = await _app.MailAsync(publication, "ada@example.com", TransactionalTemplate.Confirmation);
        Assert.Equal(("Ada@Example.com", "Ada"), (mail.To, mail.ToName));
        Assert.StartsWith($"{publication.BaseUrl}/confirm?token=", mail.Values["link"], StringComparison.Ordinal);
        Assert.StartsWith($"{publication.BaseUrl}/unsubscribe?token=", mail.Values["unsubscribe"], StringComparison.Ordinal);
        var snapshot = await _app.SnapshotAsync(publication, "ada@example.com");
        Assert.Null(snapshot.ConfirmedAt);
        Assert.Empty(snapshot.Consents);
    }

    [Fact]
    public async Task Confirming_sets_the_time_and_the_consents_once_and_signs_the_reader_in()
    {
        var publication = await _app.PublicationAsync();
        using (await _app.SubscribeAsync(publication, new { email = "ada@example.com", cadence = "every_post", topics = new[] { "vision" }, timeZone = "Europe/Vienna", source = "hero" })) { }
        var token = SubscriberApp.TokenOf((await _app.MailAsync(publication, "ada@example.com", TransactionalTemplate.Confirmation)).Values["link"]);

        using var confirmed = await _app.PostAsync(publication, "/confirm", ("token", token));
        using var again = await _app.PostAsync(publication, "/confirm", ("token", token));

        Assert.Equal(HttpStatusCode.SeeOther, confirmed.StatusCode);
        Assert.Equal($"{publication.BaseUrl}/account?welcome=true", confirmed.Headers.Location!.ToString());
        Assert.Equal("no-referrer", confirmed.Headers.GetValues("Referrer-Policy").Single());
        Assert.NotEmpty(await _app.TokenAsync(SubscriberApp.SessionOf(confirmed, publication), publication.Id));
        Assert.Equal(HttpStatusCode.Gone, again.StatusCode);
        Assert.False(again.Headers.Contains("Set-Cookie"));
        var snapshot = await _app.SnapshotAsync(publication, "ada@example.com", s => s.ConfirmedAt is not null);
        Assert.Equal((publication.Newsletters[0].Id, "hero"), (Assert.Single(snapshot.Consents).NewsletterId, snapshot.Consents[0].Source));
        Assert.Equal(("Europe/Vienna", "vision"), (snapshot.TimeZone, Assert.Single(snapshot.Topics)));
    }

    [Fact]
    public async Task Opening_the_confirmation_link_changes_nothing()
    {
        var publication = await _app.PublicationAsync();
        using (await _app.SubscribeAsync(publication, new { email = "ada@example.com" })) { }
        var token = SubscriberApp.TokenOf((await _app.MailAsync(publication, "ada@example.com", TransactionalTemplate.Confirmation)).Values["link"]);

        using var client = _app.Service.Anonymous();
        using var page = await client.GetAsync($"/{publication.Slug}/confirm?token={token}");

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("<button", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(("no-referrer", "no-store"), (page.Headers.GetValues("Referrer-Policy").Single(), page.Headers.CacheControl!.ToString()));
        Assert.False(await _app.AnyAsync(publication, s => s.ConfirmedAt != null));
    }

    [Fact]
    public async Task Known_pending_and_unknown_addresses_are_answered_alike()
    {
        var publication = await _app.PublicationAsync();
        await _app.ReaderAsync(publication, "known@example.com");
        using (await _app.SubscribeAsync(publication, new { email = "pending@example.com" })) { }

        List<string> answers = [];
        foreach (var email in new[] { "known@example.com", "pending@example.com", "unknown@example.com" })
        {
            using var answer = await _app.SubscribeAsync(publication, new { email });
            answers.Add($"{answer.StatusCode} {string.Join(' ', answer.Headers.Where(h => h.Key != "Date").Select(h => $"{h.Key}={string.Join(',', h.Value)}"))} {await answer.Content.ReadAsStringAsync()}");
        }

        Assert.Single(answers.Distinct());
        var mail = await _app.MailAsync(publication, "known@example.com", TransactionalTemplate.AlreadySubscribed);
        Assert.StartsWith($"{publication.BaseUrl}/sign-in?token=", mail.Values["link"], StringComparison.Ordinal);
        await _app.MailAsync(publication, "pending@example.com", TransactionalTemplate.Confirmation, atLeast: 2);
    }

    [Fact]
    public async Task A_confirmed_readers_choices_are_not_overwritten_by_a_stranger()
    {
        var publication = await _app.PublicationAsync();
        await _app.ReaderAsync(publication, "ada@example.com");
        var before = await _app.SnapshotAsync(publication, "ada@example.com", s => s.ConfirmedAt is not null);

        using (await _app.SubscribeAsync(publication, new { email = "ADA@example.com", name = "Mallory", cadence = "every_post", topics = new[] { "spam" } })) { }
        await _app.MailAsync(publication, "ada@example.com", TransactionalTemplate.AlreadySubscribed);

        Assert.True(await _app.AnyAsync(publication, s => s.Version == before.Version && s.Name == null));
    }

    [Fact]
    public async Task The_fourth_sign_up_of_an_hour_is_accepted_and_mails_nobody()
    {
        var publication = await _app.PublicationAsync();
        for (var i = 0; i < 3; i++)
        {
            using (await _app.SubscribeAsync(publication, new { email = "ada@example.com" })) { }
        }
        await _app.MailAsync(publication, "ada@example.com", TransactionalTemplate.Confirmation, atLeast: 3);

        using var fourth = await _app.SubscribeAsync(publication, new { email = "ada@example.com", name = "Fourth" });

        Assert.Equal(HttpStatusCode.Accepted, fourth.StatusCode);
        await _app.SnapshotAsync(publication, "ada@example.com", s => s.Name == "Fourth");
        Assert.Equal(3, _app.MailsTo(publication, "ada@example.com", TransactionalTemplate.Confirmation).Count);
    }

    [Fact]
    public async Task Twenty_sign_ups_of_one_address_at_once_make_one_subscriber_and_three_mails()
    {
        var publication = await _app.PublicationAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _app.SubscribeAsync(publication, new { email = "ada@example.com" })));

        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Accepted, a.StatusCode));
        await _app.MailAsync(publication, "ada@example.com", TransactionalTemplate.Confirmation, atLeast: 3);
        Assert.Equal(1, await _app.Service.WithDbAsync<SubscriberDb, int>(db => db.Subscribers.CountAsync(s => s.PublicationId == publication.Id)));
        Assert.Equal(3, _app.MailsTo(publication, "ada@example.com", TransactionalTemplate.Confirmation).Count);
        foreach (var answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task Tags_bring_a_mailbox_no_more_mails_and_stay_addresses_of_their_own()
    {
        var publication = await _app.PublicationAsync();

        for (var n = 0; n < 5; n++)
        {
            using (await _app.SubscribeAsync(publication, new { email = $"ada+{n}@example.com" })) { }
        }
        for (var n = 0; n < 3; n++) await _app.MailAsync(publication, $"ada+{n}@example.com", TransactionalTemplate.Confirmation);
        for (var n = 3; n < 5; n++) await _app.SnapshotAsync(publication, $"ada+{n}@example.com");

        Assert.Equal(5, await _app.Service.WithDbAsync<SubscriberDb, int>(db => db.Subscribers.CountAsync(s => s.PublicationId == publication.Id)));
        Assert.Equal([1, 1, 1, 0, 0], Enumerable.Range(0, 5).Select(n => _app.MailsTo(publication, $"ada+{n}@example.com", TransactionalTemplate.Confirmation).Count));
    }

    [Theory]
    [InlineData("""{"email":"not an address"}""")]
    [InlineData("""{"email":"a@b"}""")]
    [InlineData("""{"email":"@example.com"}""")]
    [InlineData("""{"email":"a@example.com\r\nBcc: b@example.com"}""")]
    [InlineData("""{"email":"a\u0000@example.com"}""")]
    [InlineData("""{"email":"a@-example.com"}""")]
    [InlineData("""{"email":"a@[127.0.0.1]"}""")]
    [InlineData("""{"email":"a..b@example.com"}""")]
    [InlineData("""{"email":null}""")]
    [InlineData("""{}""")]
    [InlineData("""{"email":"a@example.com","name":"Ada\r\nBcc: b@example.com"}""")]
    [InlineData("""{"email":"a@example.com","name":"Ada\u2028"}""")]
    [InlineData("""{"email":"a@example.com","cadence":"hourly"}""")]
    [InlineData("""{"email":"a@example.com","cadence":1}""")]
    [InlineData("""{"email":"a@example.com","newsletters":["no-such"]}""")]
    [InlineData("""{"email":"a@example.com","topics":["Not A Slug"]}""")]
    [InlineData("""{"email":"a@example.com","timeZone":"Mars/Olympus"}""")]
    [InlineData("""{"email":"a@example.com","source":"<script>"}""")]
    [InlineData("""{"email":""")]
    [InlineData("""[]""")]
    [InlineData("""not json""")]
    public async Task Bad_input_is_a_problem_and_writes_nothing(string body)
    {
        var publication = await _app.PublicationAsync();
        using var client = _app.Service.Anonymous();

        using var answer = await client.PostAsync($"/api/v1/publications/{publication.Slug}/subscriptions", Json(body));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.False(await _app.AnyAsync(publication, _ => true));
    }

    public static TheoryData<string> OverlongAddresses =>
        [$"{new string('a', 65)}@example.com", $"a@{string.Join('.', Enumerable.Repeat(new string('b', 60), 5))}.com", $"{new string('a', 64)}@{string.Join('.', Enumerable.Repeat(new string('b', 48), 4))}.com", $"a@{new string('b', 64)}.com"];

    [Theory]
    [MemberData(nameof(OverlongAddresses))]
    public async Task An_address_beyond_the_lengths_of_RFC_5321_is_refused(string email)
    {
        var publication = await _app.PublicationAsync();

        using var answer = await _app.SubscribeAsync(publication, new { email });

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task An_address_of_ten_megabytes_is_too_large_and_one_of_half_a_megabyte_is_no_address()
    {
        var publication = await _app.PublicationAsync();
        using var client = _app.Service.Anonymous();
        client.DefaultRequestHeaders.ExpectContinue = true;
        var path = $"/api/v1/publications/{publication.Slug}/subscriptions";

        using var huge = await client.PostAsync(path, Json($$"""{"email":"{{new string('a', 10 << 20)}}@example.com"}"""));
        using var large = await client.PostAsync(path, Json($$"""{"email":"{{new string('a', 1 << 19)}}@example.com"}"""));

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.BadRequest), (huge.StatusCode, large.StatusCode));
    }

    [Fact]
    public async Task Too_many_topics_and_too_long_a_name_are_refused()
    {
        var publication = await _app.PublicationAsync();

        using var topics = await _app.SubscribeAsync(publication, new { email = "a@example.com", topics = Enumerable.Range(0, 51).Select(i => $"t{i}") });
        using var name = await _app.SubscribeAsync(publication, new { email = "a@example.com", name = new string('n', 101) });

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (topics.StatusCode, name.StatusCode));
    }

    [Fact]
    public async Task A_domain_in_other_letters_is_the_same_address_as_its_ASCII_form()
    {
        var publication = await _app.PublicationAsync();
        using (await _app.SubscribeAsync(publication, new { email = "ada@bücher.example" })) { }
        using (await _app.SubscribeAsync(publication, new { email = "Ada@XN--BCHER-KVA.example" })) { }

        await _app.MailAsync(publication, "ada@xn--bcher-kva.example", TransactionalTemplate.Confirmation, atLeast: 2);

        Assert.Equal(1, await _app.Service.WithDbAsync<SubscriberDb, int>(db => db.Subscribers.CountAsync(s => s.PublicationId == publication.Id)));
    }

    [Fact]
    public async Task An_unknown_publication_is_not_found()
    {
        using var client = _app.Service.Anonymous();

        using var answer = await client.PostAsJsonAsync("/api/v1/publications/no-such/subscriptions", new { email = "a@example.com" });

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    private static StringContent Json(string body) => new(body, MediaTypeHeaderValue.Parse("application/json"));
}
