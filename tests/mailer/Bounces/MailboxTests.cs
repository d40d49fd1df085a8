using System.Text;
using MailKit.Search;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;
using DeliverabilityStatus = Newsletter.Contracts.Deliverability;

namespace Newsletter.Mailer.Tests.Bounces;

/// <summary>Bug class: a bounce that is lost or counted twice between the mailbox and the ledger.</summary>
public sealed class MailboxTests : IAsyncLifetime
{
    private const string Box = "bounces";
    private Dovecot _server = null!;
    private ServiceUnderTest _mailer = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await Dovecot.StartAsync();
        _mailer = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _mailer.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_bounce_in_the_mailbox_finds_its_letter_and_is_marked()
    {
        var mailed = await MailedEdition.CreateAsync(_mailer, 2);
        await _server.PutAsync(Box, await SampleAsync("postfix-unknown-user", mailed, 0));
        await _server.PutAsync(Box, await SampleAsync("complaint", mailed, 1));

        await Eventually.TrueAsync(async () => (await mailed.LettersAsync(_mailer)).All(d => d.State == DeliveryState.Bounced || d.ComplainedAt is not null), "both worked out");
        await Eventually.TrueAsync(async () => await _server.CountAsync(Box, SearchQuery.NotSeen) == 0, "both marked");
        Assert.Equal(2, await _server.CountAsync(Box, SearchQuery.Seen));
    }

    [Fact]
    public async Task A_mail_that_a_killed_process_had_read_and_not_marked_counts_once()
    {
        var mailed = await MailedEdition.CreateAsync(_mailer, 1);
        var uid = await _server.PutAsync(Box, await SampleAsync("mailbox-full", mailed, 0));
        await Eventually.TrueAsync(async () => await SoftBouncesAsync(mailed) == 1 && await _server.CountAsync(Box, SearchQuery.Seen) == 1, "worked out and marked");

        await _server.UnmarkAsync(Box, uid);
        await Eventually.TrueAsync(async () => await _server.CountAsync(Box, SearchQuery.Seen) == 1, "marked again");
        await SettleAsync();
        Assert.Equal(1, await SoftBouncesAsync(mailed));
    }

    [Fact]
    public async Task Two_processes_at_one_mailbox_count_each_mail_once()
    {
        var mailed = await MailedEdition.CreateAsync(_mailer, 30);
        await using var second = await StartAsync(useDatabase: _mailer.Database);
        for (var i = 0; i < 30; i++) await _server.PutAsync(Box, await SampleAsync("mailbox-full", mailed, i));

        await Eventually.TrueAsync(async () => await _server.CountAsync(Box, SearchQuery.NotSeen) == 0, "all marked");
        await SettleAsync();
        Assert.All(await mailed.LettersAsync(_mailer), d => Assert.Equal(DeliveryState.Bounced, d.State));
        Assert.Equal([1], await _mailer.WithDbAsync<MailerDb, List<int>>(db => db.AddressStatuses.Select(a => a.SoftBounces).Distinct().ToListAsync()));
    }

    [Fact]
    public async Task Mails_that_were_read_are_moved_where_staff_want_them()
    {
        await using var moving = await StartAsync(user: "moving", moveTo: "Read");
        var mailed = await MailedEdition.CreateAsync(moving, 1);
        var id = await MessageIdAsync(moving, mailed, 0);
        await _server.PutAsync("moving", BounceFixture.Sample("postfix-unknown-user", id, MailedEdition.AddressOf(mailed.Readers[0])));
        await _server.PutAsync("moving", "From: ada@example.com\r\nSubject: Thank you\r\n\r\nNice letter.\r\n"u8.ToArray());
        // Larger than any bounce: not even fetched.
        await _server.PutAsync("moving", Encoding.ASCII.GetBytes($"From: ada@example.com\r\n\r\n{string.Concat(Enumerable.Repeat(new string('x', 70) + "\r\n", 40_000))}"));

        await Eventually.TrueAsync(async () => await _server.CountAsync("moving", SearchQuery.All, "Read") == 3, "all moved");
        await Eventually.TrueAsync(async () => await _server.CountAsync("moving", SearchQuery.All) == 0, "none left");
        await Eventually.TrueAsync(async () => (await mailed.LettersAsync(moving)).Single().State == DeliveryState.Bounced, "worked out");
        Assert.Equal(1, await moving.WithDbAsync<MailerDb, int>(db => db.AddressStatuses.CountAsync(a => a.Status == DeliverabilityStatus.Bounced)));
    }

    private Task<ServiceUnderTest> StartAsync(TestDatabase? useDatabase = null, string user = Box, string? moveTo = null) => ServiceUnderTest.StartAsync(
        "mailer", b => b.AddMailer(), a => a.MapMailer(),
        [
            new("SendGrid:ApiKey", "SG.test"), new("Smtp:Bounces:Imap:Host", "127.0.0.1"), new("Smtp:Bounces:Imap:Port", $"{_server.Port}"),
            new("Smtp:Bounces:Imap:Username", user), new("Smtp:Bounces:Imap:Password", Dovecot.Password), new("Smtp:Bounces:Imap:Security", "None"),
            new("Smtp:Bounces:Imap:PollEvery", "00:00:01"), new("Smtp:Bounces:Imap:MoveTo", moveTo),
        ],
        useDatabase: useDatabase);

    private static Task<string> MessageIdAsync(ServiceUnderTest mailer, MailedEdition mailed, int reader) => BounceFixture.MessageIdAsync(mailer, mailed, mailed.Readers[reader]);

    private async Task<byte[]> SampleAsync(string name, MailedEdition mailed, int reader) =>
        BounceFixture.Sample(name, await MessageIdAsync(_mailer, mailed, reader), MailedEdition.AddressOf(mailed.Readers[reader]));

    private Task SettleAsync() => Eventually.TrueAsync(async () => await _mailer.WithDbAsync<MailerDb, int>(db => db.WebhookCalls.CountAsync()) == 0, "mails worked out");

    private Task<int> SoftBouncesAsync(MailedEdition mailed) => _mailer.WithDbAsync<MailerDb, int>(db =>
        db.AddressStatuses.Where(a => a.PublicationId == mailed.Publication).Select(a => a.SoftBounces).SingleOrDefaultAsync());
}
