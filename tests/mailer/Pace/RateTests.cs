using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Pace;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Pace;

/// <summary>Rates of accounts and publications. Bug classes: a rate for each process, a rate that a restart forgets, a slow publication that others wait for.</summary>
public sealed class RateTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Sqlite)]
    public async Task Two_processes_keep_an_accounts_rate_together(DatabaseKind kind)
    {
        const int rate = 500, readers = 3_500;
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var provider = await FakeSendGrid.StartAsync();
        ConcurrentQueue<long> calls = [];
        provider.Answer = _ =>
        {
            calls.Enqueue(Stopwatch.GetTimestamp());
            return Task.FromResult(202);
        };
        KeyValuePair<string, string?>[] settings = [new("SendGrid:Rate", $"{rate}"), new("SendGrid:Concurrency", "1")];
        await using var first = await MailerUnderTest.StartAsync(useDatabase: database, provider: provider, settings: settings);
        await using var second = await MailerUnderTest.StartAsync(useDatabase: database, provider: provider, settings: settings);
        var publication = await first.PublicationAsync();
        await publication.JoinAsync(readers);
        var since = Stopwatch.GetTimestamp();
        var edition = await publication.PublishAsync(publication.Post("Paced", Access.Public));
        foreach (var batch in await Eventually.GetAsync(async () => await BatchesAsync(first, edition.Id) is { Count: 4 } all ? all : null, "its batches"))
            await second.Service.PublishAsync(new DeliverBatch(batch, edition.Id, publication.Id));

        await first.SentAsync(edition.Id);

        await first.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, readers));
        // The first second's worth, and one more that a rest has saved, leave at once.
        Assert.InRange(Stopwatch.GetElapsedTime(since, calls.Max()).TotalSeconds, (readers - 2.0 * rate) / rate * 0.95, 30);
        Assert.True(provider.Calls >= readers / rate, $"{provider.Calls} calls");
    }

    [Fact]
    public async Task A_restart_does_not_begin_a_rate_anew()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var provider = await FakeSendGrid.StartAsync();
        KeyValuePair<string, string?>[] settings = [new("SendGrid:Rate", "0.1")];
        Guid edition;
        long since;
        await using (var first = await MailerUnderTest.StartAsync(useDatabase: database, provider: provider, settings: settings))
        {
            var publication = await first.PublicationAsync();
            await publication.JoinAsync(2);
            since = Stopwatch.GetTimestamp();
            edition = (await publication.PublishAsync(publication.Post("Slow", Access.Public))).Id;
            await first.LedgerBecomesAsync(edition, (DeliveryState.Accepted, 1), (DeliveryState.Queued, 1));
        }
        await using var second = await MailerUnderTest.StartAsync(useDatabase: database, provider: provider, settings: settings);
        await second.LedgerBecomesAsync(edition, (DeliveryState.Accepted, 2));
        // The second letter is due nine seconds after the first: ten, less the one that a rest has saved.
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalSeconds, 8.5, 30);
    }

    [Fact]
    public async Task A_publications_own_rate_delays_nobody_else_and_costs_no_letter()
    {
        await using var mailer = await MailerUnderTest.StartAsync();
        var (slow, other) = (await mailer.PublicationAsync(), await mailer.PublicationAsync());
        using var put = await Operator(mailer).PutAsJsonAsync($"/api/v1/operations/mailer/rates/{slow.Slug}", new { rate = 2.0 }, Cancellation);
        put.EnsureSuccessStatusCode();
        await slow.JoinAsync(200);
        await other.JoinAsync(200);
        var first = await slow.PublishAsync(slow.Post("Slow", Access.Public));
        await Eventually.TrueAsync(() => Task.FromResult(!mailer.Provider.Of(first).IsEmpty()), "its first letters");

        var second = await other.PublishAsync(other.Post("At once", Access.Public));
        await mailer.SentAsync(second.Id);

        Assert.True((await mailer.LedgerAsync(first.Id))[DeliveryState.Queued] > 100);
        var seen = await Eventually.GetAsync(async () => (await slow.DetailsAsync(first.Id)).GetProperty("edition") is var e && e.GetProperty("heldReason").GetString() is { } reason ? reason : null, "why it waits");
        Assert.Equal("publication_rate", seen);
        Assert.Equal(2.0, (await slow.As(Role.Owner).GetFromJsonAsync<JsonElement>($"{slow.Api}/senders/accounts", Cancellation)).GetProperty("items")[0].GetProperty("publicationRate").GetDouble());

        // Three days at its rate are no reason to fail.
        (await Operator(mailer).DeleteAsync($"/api/v1/operations/mailer/rates/{slow.Slug}", Cancellation)).EnsureSuccessStatusCode();
        await mailer.LedgerBecomesAsync(first.Id, (DeliveryState.Accepted, 200));
        Assert.Equal(200, mailer.Provider.Of(first).Select(m => m.To).Distinct().Count());
    }

    [Fact]
    public async Task Mail_to_one_person_overtakes_an_edition_that_a_rate_holds_back()
    {
        await using var mailer = await MailerUnderTest.StartAsync(settings: [new("SendGrid:Rate", "0.01")]);
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(10);
        var edition = await publication.PublishAsync(publication.Post("Held back", Access.Public));
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 1), (DeliveryState.Queued, 9));

        foreach (var name in (string[])["one", "two", "three"]) await mailer.Service.PublishAsync(PaceMails.SignIn(publication, name));

        await Eventually.TrueAsync(() => Task.FromResult(mailer.Provider.To("one").Count + mailer.Provider.To("two").Count + mailer.Provider.To("three").Count == 3), "the mails");
        Assert.Equal(9, (await mailer.LedgerAsync(edition.Id))[DeliveryState.Queued]);
    }

    [Fact]
    public async Task Much_mail_to_single_people_is_paid_back_by_editions()
    {
        await using var mailer = await MailerUnderTest.StartAsync();
        var account = Guid.CreateVersion7();
        var waits = await mailer.WithDbAsync(async db =>
        {
            var allowances = mailer.Service.Services.GetRequiredService<Allowances>();
            for (var mail = 0; mail < 300; mail++) await allowances.OvertakeAsync(db, account, 10, 1, Cancellation);
            return await allowances.TakeAsync(db, account, 10, 10, Cancellation) is not null;
        });
        Assert.True(waits);
    }

    [Fact]
    public async Task An_event_of_one_call_of_a_batch_says_nothing_of_another_whose_answer_was_lost()
    {
        await using var mailer = await MailerUnderTest.StartAsync(settings: [new("SendGrid:Rate", "5")]);
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(10);
        mailer.Provider.Answer = call => Task.FromResult(call == 2 ? 0 : 202);
        var edition = await publication.PublishAsync(publication.Post("Sliced", Access.Public));
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 5), (DeliveryState.Uncertain, 5));
        Task<int> ArriveAsync(Guid of) => mailer.WithDbAsync(db => db.Batches.Where(b => b.EditionId == of).ExecuteUpdateAsync(s => s.SetProperty(b => b.FirstEventAt, DateTimeOffset.UtcNow)));
        await ArriveAsync(edition.Id);

        var later = await publication.PublishAsync(publication.Post("Later", Access.Public));
        await mailer.SentAsync(later.Id);
        await ArriveAsync(later.Id);
        mailer.Service.Time.Advance(TimeSpan.FromHours(1));

        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 10));
        Assert.Equal(10, mailer.Provider.Of(edition).Select(m => m.To).Distinct().Count());
    }

    [Fact]
    public async Task An_accounts_rate_is_set_with_it_and_told_again()
    {
        await using var mailer = await MailerUnderTest.StartAsync();
        var publication = await mailer.PublicationAsync();
        var account = new { provider = "sendgrid", apiKey = "SG.a-key-of-its-own", rate = 12.5, warmUp = new { first = 50, growth = 2.0, days = 10 } };
        (await publication.As(Role.Owner).PutAsJsonAsync($"{publication.Api}/senders/accounts/first", account, Cancellation)).EnsureSuccessStatusCode();

        var pace = (await publication.As(Role.Owner).GetFromJsonAsync<JsonElement>($"{publication.Api}/senders/accounts", Cancellation)).GetProperty("items")[0].GetProperty("pace");
        Assert.Equal((12.5, 1, 50, 0), (pace.GetProperty("rate").GetDouble(), pace.GetProperty("warmUp").GetProperty("day").GetInt32(),
            pace.GetProperty("warmUp").GetProperty("cap").GetInt32(), pace.GetProperty("warmUp").GetProperty("sent").GetInt32()));
        using var refused = await publication.As(Role.Owner).PutAsJsonAsync($"{publication.Api}/senders/accounts/first", account with { rate = 0 }, Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task Operators_alone_set_publications_rates()
    {
        await using var mailer = await MailerUnderTest.StartAsync();
        var publication = await mailer.PublicationAsync();
        using var owner = await publication.As(Role.Owner).PutAsJsonAsync($"/api/v1/operations/mailer/rates/{publication.Slug}", new { rate = 5 }, Cancellation);
        Assert.Equal(HttpStatusCode.Forbidden, owner.StatusCode);
        using var unknown = await Operator(mailer).PutAsJsonAsync("/api/v1/operations/mailer/rates/nowhere", new { rate = 5 }, Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        (await Operator(mailer).PutAsJsonAsync($"/api/v1/operations/mailer/rates/{publication.Slug}", new { rate = 5 }, Cancellation)).EnsureSuccessStatusCode();
        var listed = (await Operator(mailer).GetFromJsonAsync<JsonElement>("/api/v1/operations/mailer/rates", Cancellation)).GetProperty("items")[0];
        Assert.Equal((publication.Slug, 5.0), (listed.GetProperty("publication").GetString(), listed.GetProperty("rate").GetDouble()));
    }

    private static HttpClient Operator(MailerUnderTest mailer) => mailer.Service.As(Role.Operator, null);

    private static Task<List<Guid>> BatchesAsync(MailerUnderTest mailer, Guid edition) => mailer.WithDbAsync(db => db.Batches.Where(b => b.EditionId == edition).Select(b => b.Id).ToListAsync());
}

internal static class PaceMails
{
    public static bool IsEmpty(this IReadOnlyList<FakeMail> mails) => mails.Count == 0;

    public static SendTransactionalMail SignIn(TestPublication publication, string name) => new()
    {
        MailId = Guid.CreateVersion7(),
        PublicationId = publication.Id,
        To = $"{name}@example.com",
        Template = TransactionalTemplate.SignIn,
        Values = new Dictionary<string, string> { ["link"] = "https://example.com/", ["code"] = "123456" },
        ExpiresAt = DateTimeOffset.UtcNow.AddDays(30),
    };
}
