using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>
/// The database takes a commit of the sender's, and the connection dies before it can say so. Bug classes: letters that stay behind as being sent though nobody handed them
/// over, and letters that are handed over again.
/// </summary>
public sealed class UnansweredCommitTests : IAsyncLifetime
{
    /// <summary>Stands where letters become <c>sending</c>, before a call.</summary>
    private const string Begins = "AND state BETWEEN";
    /// <summary>Stands where a mail server's letter is accepted and the next one becomes <c>sending</c>, in one statement.</summary>
    private const string PassesOn = "WITH held AS";
    /// <summary>Stands where letters are accepted.</summary>
    private const string Records = "accepted_at = ";
    /// <summary>Stands where a batch is claimed.</summary>
    private const string Claims = "first_event_at = NULL";

    private TestDatabase _database = null!;
    private UnansweredLink _link = null!;
    private FakeSendGrid _provider = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _link = new(_database.Address.Host, _database.Address.Port);
        _provider = await FakeSendGrid.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        await _link.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Theory]
    [InlineData(Begins, true)]
    [InlineData(Begins, false)]
    [InlineData(Records, true)]
    [InlineData(Records, false)]
    public async Task Everybody_of_a_call_gets_the_letter_once_whether_or_not_the_commit_happened(string statement, bool happens)
    {
        await using var mailer = await StartAsync();
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(12);
        var lost = _link.LoseAsync(statement, happens: happens);

        var edition = await publication.PublishAsync(publication.Post("Unanswered", Access.Public));
        await lost.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 12));
        await mailer.SentAsync(edition.Id);
        Assert.Equal((12, 12), (_provider.Mails.Select(m => m.To).Distinct().Count(), _provider.Mails.Count));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_one_call_took_is_kept_and_the_next_is_made_once_whether_or_not_the_commit_between_them_happened(bool happens)
    {
        await using var mailer = await StartAsync(("SendGrid:Rate", "5"));
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(10);
        var lost = _link.LoseAsync(Begins, after: 1, happens);

        var edition = await publication.PublishAsync(publication.Post("Between two calls", Access.Public));
        await lost.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 10));
        Assert.Equal((10, 10), (_provider.Mails.Select(m => m.To).Distinct().Count(), _provider.Mails.Count));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_mail_server_gets_each_letter_once_whether_or_not_the_step_from_one_to_the_next_happened(bool happens)
    {
        await using var server = new FakeSmtp();
        await using var mailer = await StartAsync(
            ("Mail:Provider", "smtp"), ("Smtp:Host", "127.0.0.1"), ("Smtp:Port", $"{server.Port}"), ("Smtp:Security", "None"));
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(6);
        var lost = _link.LoseAsync(PassesOn, after: 2, happens);

        var edition = await publication.PublishAsync(publication.Post("Step by step", Access.Public));
        await lost.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 6));
        Assert.Equal((6, 6), (server.Letters.Distinct().Count(), server.Letters.Count));
    }

    [Fact]
    public async Task A_batch_whose_claim_was_not_answered_is_taken_over_when_its_lease_has_run_out()
    {
        await using var mailer = await StartAsync();
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(5);
        var lost = _link.LoseAsync(Claims);

        var edition = await publication.PublishAsync(publication.Post("Claimed by nobody", Access.Public));
        await lost.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        mailer.Service.Time.Advance(TimeSpan.FromMinutes(5));

        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 5));
        Assert.Equal(5, _provider.Mails.Count);
    }

    [Fact]
    public async Task Who_cannot_reach_the_database_any_more_has_handed_nothing_over_and_sends_nothing_once_another_has_taken_over()
    {
        await using var first = await StartAsync();
        var publication = await first.PublicationAsync();
        await publication.JoinAsync(12);
        var lost = _link.LoseAsync(Begins, staysAway: true);
        var post = publication.Post("Cut off", Access.Public);
        await publication.TellAsync(post);
        await lost.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        await using var second = await MailerUnderTest.StartAsync(useDatabase: _database, provider: _provider);
        var edition = await second.EditionAsync(e => e.PostId == post.Id, "the edition");
        await second.LedgerBecomesAsync(edition.Id, (DeliveryState.Sending, 12));
        second.Service.Time.Advance(TimeSpan.FromMinutes(10));
        await second.LedgerBecomesAsync(edition.Id, (DeliveryState.Uncertain, 12));
        Assert.Empty(_provider.Mails);

        _link.Mend();
        var batch = await second.WithDbAsync(db => db.Batches.Where(b => b.EditionId == edition.Id).Select(b => b.Id).SingleAsync());
        using var resent = await second.Service.As(Role.Editor, publication.Id).PostAsync($"{publication.Api}/editions/{edition.Id}/batches/{batch}/resend", null, Cancellation);
        Assert.Equal(StatusCodes.Status204NoContent, (int)resent.StatusCode);

        await second.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 12));
        // The first one is back, too, and has found the batch to be another's.
        await first.SentAsync((await publication.PublishAsync(publication.Post("Afterwards", Access.Public))).Id);
        Assert.Equal((12, 12), (_provider.Of(edition).Select(m => m.To).Distinct().Count(), _provider.Of(edition).Count));
    }

    private Task<MailerUnderTest> StartAsync(params (string Name, string Value)[] settings) =>
        MailerUnderTest.StartAsync(useDatabase: _database.Through(_link.Port), provider: _provider, settings: settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value)));
}
