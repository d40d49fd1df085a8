using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Pace;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Pace;

/// <summary>A plan for an account that mailbox providers do not know yet. Bug classes: a cap for each process, one that a restart forgets, letters that fail because they had to wait.</summary>
public sealed class WarmUpTests
{
    private static readonly KeyValuePair<string, string?>[] Plan = [new("SendGrid:WarmUp:First", "10"), new("SendGrid:WarmUp:Growth", "2"), new("SendGrid:WarmUp:Days", "3")];
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_does_not_fit_into_a_day_waits_for_the_next_over_restarts_and_longer_than_an_edition_would_be_tried()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var provider = await FakeSendGrid.StartAsync();
        Guid edition;
        await using (var first = await MailerUnderTest.StartAsync(useDatabase: database, provider: provider, settings: Plan))
        {
            var publication = await first.PublicationAsync();
            await publication.JoinAsync(100);
            edition = (await publication.PublishAsync(publication.Post("Warming up", Access.Public))).Id;
            await first.LedgerBecomesAsync(edition, (DeliveryState.Accepted, 10), (DeliveryState.Queued, 90));
            var seen = await Eventually.GetAsync(async () => (await publication.DetailsAsync(edition)).GetProperty("edition").GetProperty("heldReason").GetString(), "why it waits");
            Assert.Equal("warm_up", seen);
            first.Service.Time.Advance(TimeSpan.FromDays(1));
            await first.LedgerBecomesAsync(edition, (DeliveryState.Accepted, 30), (DeliveryState.Queued, 70));
        }
        await using var second = await MailerUnderTest.StartAsync(useDatabase: database, provider: provider, settings: Plan);
        second.Service.Time.Advance(TimeSpan.FromDays(2));
        await second.LedgerBecomesAsync(edition, (DeliveryState.Accepted, 70), (DeliveryState.Queued, 30));
        // Its three days are over.
        second.Service.Time.Advance(TimeSpan.FromDays(1));
        await second.LedgerBecomesAsync(edition, (DeliveryState.Accepted, 100));
        Assert.Equal(100, provider.Mails.Select(m => m.To).Distinct().Count());
        Assert.Equal(100, provider.Mails.Count);
    }

    [Fact]
    public async Task Two_processes_share_a_days_cap_and_letters_that_were_not_taken_do_not_count()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var provider = await FakeSendGrid.StartAsync();
        provider.Answer = call => Task.FromResult(call == 1 ? 503 : 202);
        await using var first = await MailerUnderTest.StartAsync(useDatabase: database, provider: provider, settings: Plan);
        await using var second = await MailerUnderTest.StartAsync(useDatabase: database, provider: provider, settings: Plan);
        var publications = new[] { await first.PublicationAsync(), new TestPublication(second, "Etc/UTC", new(DayOfWeek.Sunday, new(8, 0))) };
        await publications[1].TellAsync();
        List<Guid> editions = [];
        foreach (var publication in publications)
        {
            await publication.JoinAsync(8);
            var post = publication.Post("Shared", Access.Public);
            await publication.TellAsync(post);
            editions.Add((await first.EditionAsync(e => e.PostId == post.Id, "the edition")).Id);
        }
        await Eventually.TrueAsync(() => Task.FromResult(provider.Mails.Count == 10), "the day's letters");
        await IdleAsync();
        foreach (var mailer in (MailerUnderTest[])[first, second]) mailer.Service.Time.Advance(TimeSpan.FromMinutes(1));
        await Eventually.TrueAsync(async () => (await publications[0].DetailsAsync(editions[0])).GetProperty("edition").GetProperty("heldReason").GetString() == "warm_up"
            || (await publications[0].DetailsAsync(editions[0])).GetProperty("states").GetProperty("accepted").GetInt32() == 8, "the first one held or sent");

        Assert.Equal(10, provider.Mails.Count);
        await IdleAsync();
        foreach (var mailer in (MailerUnderTest[])[first, second]) mailer.Service.Time.Advance(TimeSpan.FromDays(1));
        foreach (var edition in editions) await first.LedgerBecomesAsync(edition, (DeliveryState.Accepted, 8));

        // Time that passes while a batch is being sent ends the claim on it.
        Task IdleAsync() => Eventually.TrueAsync(() => first.WithDbAsync(async db => !await db.Batches.AnyAsync(b => b.State == BatchState.Sending)), "no batch being sent");
    }

    [Fact]
    public async Task What_the_provider_put_off_leaves_room_for_others_on_the_same_day()
    {
        await using var mailer = await MailerUnderTest.StartAsync(settings: Plan);
        mailer.Provider.Answer = call => Task.FromResult(call == 1 ? 503 : 202);
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(20);
        var edition = await publication.PublishAsync(publication.Post("Not lost", Access.Public));
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 10), (DeliveryState.Queued, 10));
    }

    [Fact]
    public async Task An_own_accounts_days_are_its_publications_and_without_its_plan_letters_leave_at_once()
    {
        await using var mailer = await MailerUnderTest.StartAsync();
        var publication = await mailer.PublicationAsync(zone: "Pacific/Auckland");
        var owner = publication.As(Role.Owner);
        await PutAsync(new { provider = "sendgrid", apiKey = "SG.a-key-of-its-own", warmUp = (object?)new { first = 3 } });
        await publication.JoinAsync(8);
        var edition = await publication.PublishAsync(publication.Post("Own plan", Access.Public));
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 3), (DeliveryState.Queued, 5));

        var plan = (await owner.GetFromJsonAsync<JsonElement>($"{publication.Api}/senders/accounts", Cancellation)).GetProperty("items")[0].GetProperty("pace").GetProperty("warmUp");
        Assert.Equal((3, 3), (plan.GetProperty("sent").GetInt32(), plan.GetProperty("cap").GetInt32()));
        var next = TimeZoneInfo.ConvertTime(plan.GetProperty("nextAt").GetDateTimeOffset(), TimeZoneInfo.FindSystemTimeZoneById("Pacific/Auckland"));
        Assert.Equal(TimeSpan.Zero, next.TimeOfDay);

        await PutAsync(new { provider = "sendgrid", apiKey = "SG.a-key-of-its-own", warmUp = (object?)null });
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 8));

        async Task PutAsync(object account) => (await owner.PutAsJsonAsync($"{publication.Api}/senders/accounts/first", account, Cancellation)).EnsureSuccessStatusCode();
    }

    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Sqlite)]
    public async Task Who_still_goes_by_a_plan_that_staff_have_ended_puts_nothing_off(DatabaseKind kind)
    {
        await using var mailer = await MailerUnderTest.StartAsync(kind);
        var publication = await mailer.PublicationAsync();
        var owner = publication.As(Role.Owner);
        await PutAsync(new { first = 3 });
        await publication.JoinAsync(8);
        var edition = await publication.PublishAsync(publication.Post("Ended", Access.Public));
        await mailer.PutOffAsync(edition.Id);
        (await owner.PostAsync($"{publication.Api}/editions/{edition.Id}/pause", null, Cancellation)).EnsureSuccessStatusCode();
        var before = await mailer.Service.Services.GetRequiredService<PublicationMails>().OfAsync(publication.Id, Cancellation);
        await PutAsync(null);

        var now = await mailer.Service.Services.GetRequiredService<SharedClock>().NowAsync(Cancellation);
        await mailer.WithDbAsync(async db =>
        {
            await EditionHolds.UntilTomorrowAsync(db, publication.Id, before.Route.First, now, now.AddDays(1), Cancellation);
            return true;
        });
        (await owner.PostAsync($"{publication.Api}/editions/{edition.Id}/resume", null, Cancellation)).EnsureSuccessStatusCode();

        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 8));

        async Task PutAsync(object? warmUp) =>
            (await owner.PutAsJsonAsync($"{publication.Api}/senders/accounts/first", new { provider = "sendgrid", apiKey = "SG.a-key-of-its-own", warmUp }, Cancellation)).EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task Mail_to_one_person_leaves_whatever_the_days_cap()
    {
        await using var mailer = await MailerUnderTest.StartAsync(settings: Plan);
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(12);
        var edition = await publication.PublishAsync(publication.Post("Full day", Access.Public));
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 10), (DeliveryState.Queued, 2));
        await mailer.Service.PublishAsync(PaceMails.SignIn(publication, "someone"));
        await Eventually.TrueAsync(() => Task.FromResult(mailer.Provider.To("someone").Count == 1), "the mail");
    }
}
