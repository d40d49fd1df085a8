using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>
/// The sender and somebody else (a cancel, say) write the same letters in different orders, and the database gives up the sender's transaction. Bug class: letters that were accepted
/// and are left in doubt.
/// </summary>
public sealed class DeadlockTests : IAsyncLifetime
{
    private TestDatabase _database = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await TestDatabase.CreateAsync();

    public async ValueTask DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task A_step_to_the_next_letter_that_the_database_gave_up_is_made_again()
    {
        await using var other = await OtherSession.BeginAsync(_database);
        // Whoever has waited so long for a lock looks whether there is a deadlock, and is the one that ends it: the sender, not the other.
        await other.ExecuteAsync("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''15s''', current_database()); END $$; SET deadlock_timeout = '2min'");
        await using var server = new FakeSmtp();
        var (arrived, mayAnswer) = (new TaskCompletionSource<string>(), new TaskCompletionSource());
        server.BeforeAnswer = (number, to) =>
        {
            if (number != 1) return Task.CompletedTask;
            arrived.SetResult(to);
            return mayAnswer.Task;
        };
        await using var mailer = await MailerUnderTest.StartAsync(useDatabase: _database, settings:
            [new("Mail:Provider", "smtp"), new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{server.Port}"), new("Smtp:Security", "None"), new("Smtp:Connections", "1")]);
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(4);
        var edition = await publication.PublishAsync(publication.Post("Crossed", Access.Public));
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        await other.ExecuteAsync($"BEGIN; SELECT 1 FROM deliveries WHERE edition_id = '{edition.Id}' AND state = {(short)DeliveryState.Queued} FOR UPDATE");
        mayAnswer.SetResult();
        await other.HoldsUpAsync("WITH held%");
        await other.ExecuteAsync($"UPDATE deliveries SET state = state WHERE edition_id = '{edition.Id}'; ROLLBACK");

        await Eventually.TrueAsync(async () => await other.AskAsync("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") is 1L, "one deadlock");
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 4));
        Assert.Equal((4, 4), (server.Letters.Distinct().Count(), server.Letters.Count));
    }
}
