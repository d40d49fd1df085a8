using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>A claim on a batch: kept while its holder lives, and worth nothing once somebody else has taken over.</summary>
public sealed class LeaseTests
{
    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Sqlite)]
    public async Task Who_was_taken_over_in_mid_batch_sends_none_of_what_the_other_sends(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var server = new FakeSmtp();
        await using var first = await MailerUnderTest.StartAsync(useDatabase: database, settings: Smtp(server));
        await using var second = await MailerUnderTest.StartAsync(useDatabase: database, settings: Smtp(server));
        var publication = await first.PublicationAsync();
        await publication.JoinAsync(6);
        TaskCompletionSource[] arrived = [new(), new()], answered = [new(), new()];
        server.BeforeAnswer = async (letter, _) =>
        {
            if (letter > 2) return;
            arrived[letter - 1].SetResult();
            await answered[letter - 1].Task;
        };

        var edition = await publication.PublishAsync(publication.Post("Taken over"));
        await arrived[0].Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        second.Service.Time.Advance(TimeSpan.FromMinutes(10));
        await arrived[1].Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        // The first one comes back to life while the second has a letter on its way.
        answered[0].SetResult();
        await Eventually.TrueAsync(() => first.WithDbAsync(db => db.Deliveries.AnyAsync(d => d.EditionId == edition.Id && d.State == DeliveryState.Accepted)), "the first letter's answer");
        answered[1].SetResult();

        await second.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 6));
        await second.SentAsync(edition.Id);
        Assert.Equal(6, server.Letters.Distinct().Count());
        Assert.Equal(6, server.Letters.Count);
    }

    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Sqlite)]
    public async Task A_lease_is_renewed_again_after_any_failure_of_the_database(DatabaseKind kind)
    {
        using var log = new LogLines();
        await using var mailer = await MailerUnderTest.StartAsync(kind, settings: [new("Mail:Lease", "00:00:30")], log: log);
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(3);
        TaskCompletionSource isCalled = new(), mayAnswer = new();
        mailer.Provider.Answer = async _ =>
        {
            isCalled.SetResult();
            await mayAnswer.Task;
            return 202;
        };
        var edition = await publication.PublishAsync(publication.Post("Held"));
        await isCalled.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        await mailer.WithDbAsync(db => db.Database.ExecuteSqlRawAsync("ALTER TABLE batches RENAME TO batches_gone"));
        await Eventually.TrueAsync(() => Task.FromResult(log.Lines.Any(l => l.Contains("could not be renewed", StringComparison.Ordinal))), "a renewal that failed");
        await mailer.WithDbAsync(db => db.Database.ExecuteSqlRawAsync("ALTER TABLE batches_gone RENAME TO batches"));

        Task<DateTimeOffset?> LeaseAsync() => mailer.WithDbAsync(db => db.Batches.Where(b => b.EditionId == edition.Id).Select(b => b.LeaseUntil).SingleAsync());
        var before = await LeaseAsync();
        await Eventually.TrueAsync(async () => await LeaseAsync() > before, "the lease renewed");
        mayAnswer.SetResult();
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 3));
    }

    private static KeyValuePair<string, string?>[] Smtp(FakeSmtp server) =>
        [new("Mail:Provider", "smtp"), new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{server.Port}"), new("Smtp:Security", "None")];
}
