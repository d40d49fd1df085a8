using System.Text;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;
using DeliverabilityStatus = Newsletter.Contracts.Deliverability;

namespace Newsletter.Mailer.Tests.Bounces;

public sealed class BounceTests(BounceFixture fixture) : IClassFixture<BounceFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("postfix-unknown-user", DeliveryState.Bounced, "5.1.1", DeliverabilityStatus.Bounced)]
    [InlineData("exim-unknown-user", DeliveryState.Bounced, "5.1.1", DeliverabilityStatus.Bounced)]
    [InlineData("exchange-not-found", DeliveryState.Bounced, "5.1.10", DeliverabilityStatus.Bounced)]
    [InlineData("words-only-in-status", DeliveryState.Bounced, "5.0.0", DeliverabilityStatus.Bounced)]
    [InlineData("mailbox-full", DeliveryState.Bounced, "5.2.2", DeliverabilityStatus.Ok)]
    [InlineData("expired", DeliveryState.Bounced, "4.4.1", DeliverabilityStatus.Ok)]
    [InlineData("policy", DeliveryState.Bounced, "blocked", DeliverabilityStatus.Blocked)]
    [InlineData("delayed", DeliveryState.Accepted, null, DeliverabilityStatus.Ok)]
    [InlineData("relayed", DeliveryState.Accepted, null, DeliverabilityStatus.Ok)]
    [InlineData("delivered", DeliveryState.Delivered, null, DeliverabilityStatus.Ok)]
    [InlineData("qmail", DeliveryState.Bounced, "5.1.1", DeliverabilityStatus.Bounced)]
    [InlineData("words-unknown-user", DeliveryState.Bounced, "", DeliverabilityStatus.Bounced)]
    [InlineData("words-mailbox-full", DeliveryState.Bounced, "", DeliverabilityStatus.Ok)]
    [InlineData("words-spam", DeliveryState.Bounced, "blocked", DeliverabilityStatus.Blocked)]
    [InlineData("german", DeliveryState.Bounced, "5.1.1", DeliverabilityStatus.Bounced)]
    [InlineData("html-bounce", DeliveryState.Bounced, "", DeliverabilityStatus.Ok)]
    [InlineData("words-delayed", DeliveryState.Accepted, null, DeliverabilityStatus.Ok)]
    public async Task A_servers_report_finds_its_letter(string sample, DeliveryState state, string? reason, DeliverabilityStatus status)
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 2);
        await fixture.TakeAsync(await fixture.SampleAsync(sample, mailed, mailed.Readers[0]));

        var letters = (await mailed.LettersAsync(fixture.Mailer)).ToDictionary(d => d.SubscriberId);
        Assert.Equal((state, reason), (letters[mailed.Readers[0]].State, letters[mailed.Readers[0]].Reason));
        Assert.Equal(DeliveryState.Accepted, letters[mailed.Readers[1]].State);
        Assert.Equal(status, (await StatusAsync(mailed))?.Status ?? DeliverabilityStatus.Ok);
    }

    [Theory]
    [InlineData("complaint")]
    [InlineData("complaint-headers-only")]
    [InlineData("microsoft-complaint")]
    public async Task A_complaint_is_counted_and_the_address_gets_no_more_letters(string sample)
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        for (var i = 0; i < 2; i++) await fixture.TakeAsync(await fixture.SampleAsync(sample, mailed, mailed.Readers[0]));

        Assert.NotNull((await mailed.LettersAsync(fixture.Mailer)).Single().ComplainedAt);
        Assert.Equal(1, (await mailed.CountersAsync(fixture.Mailer)).Complaints);
        Assert.Equal(DeliverabilityStatus.Complained, (await StatusAsync(mailed))!.Status);
    }

    [Theory]
    [InlineData("opt-out", true)]
    [InlineData("opt-out-list", false)]
    public async Task Who_opts_out_leaves_and_does_not_complain(string type, bool isOfAll)
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var mail = Encoding.UTF8.GetString(await fixture.SampleAsync("opt-out", mailed, mailed.Readers[0])).Replace("Feedback-Type: opt-out", $"Feedback-Type: {type}", StringComparison.Ordinal);
        for (var i = 0; i < 2; i++) await fixture.TakeAsync(Encoding.UTF8.GetBytes(mail));

        var letter = (await mailed.LettersAsync(fixture.Mailer)).Single();
        Assert.NotNull(letter.UnsubscribedAt);
        Assert.Null(letter.ComplainedAt);
        var counters = await mailed.CountersAsync(fixture.Mailer);
        Assert.Equal((0, 1), (counters.Complaints, counters.Unsubscribes));
        Assert.Null(await StatusAsync(mailed));
        var newsletter = await fixture.Mailer.WithDbAsync<MailerDb, Guid>(db => db.Editions.Where(e => e.Id == mailed.Edition).Select(e => e.NewsletterId).SingleAsync());
        await fixture.Mailer.SentAsync<EndConsent>(c => c.PublicationId == mailed.Publication);
        var ended = Assert.Single(fixture.Mailer.Sent<EndConsent>(), c => c.PublicationId == mailed.Publication);
        Assert.Equal((mailed.Readers[0], isOfAll ? null : newsletter), (ended.SubscriberId, ended.NewsletterId));
    }

    [Theory]
    [InlineData("out-of-office")]
    [InlineData("out-of-office-of-a-server")]
    [InlineData("abwesenheit")]
    [InlineData("answer-of-a-reader")]
    [InlineData("server-without-reason")]
    [InlineData("not-spam")]
    public async Task What_is_no_bounce_changes_nothing(string sample)
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        await fixture.TakeAsync(await fixture.SampleAsync(sample, mailed, mailed.Readers[0]));
        var letter = (await mailed.LettersAsync(fixture.Mailer)).Single();
        Assert.Equal((DeliveryState.Accepted, null, null, null), (letter.State, letter.BouncedAt, letter.ComplainedAt, letter.UnsubscribedAt));
        Assert.Null(await StatusAsync(mailed));
    }

    [Fact]
    public async Task A_bounce_that_somebody_made_up_changes_nothing()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 2);
        var good = await fixture.MessageIdAsync(mailed, mailed.Readers[0]);
        var mac = good[(good.LastIndexOf('.', good.IndexOf('@', StringComparison.Ordinal)) + 1)..];
        foreach (var forged in (string[])
        [
            $"{mailed.Readers[1]:N}.{mailed.Edition:N}.{mac}", $"{mailed.Readers[0]:N}.{mailed.Edition:N}@news.example", $"{mailed.Readers[0]:N}.{mailed.Edition:N}.{new string('0', 16)}@news.example",
            $"{mailed.Readers[0]:N}.{mac}", "x@news.example",
        ])
        {
            await fixture.TakeAsync(await fixture.SampleAsync("postfix-unknown-user", mailed, mailed.Readers[0], forged));
            await fixture.TakeAsync(await fixture.SampleAsync("complaint", mailed, mailed.Readers[0], forged));
        }
        Assert.All(await mailed.LettersAsync(fixture.Mailer), d => Assert.Equal((DeliveryState.Accepted, null), (d.State, d.ComplainedAt)));
        Assert.Null(await StatusAsync(mailed));
    }

    [Fact]
    public async Task A_bounce_of_an_address_that_the_reader_has_left_does_not_hold_back_the_new_one()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        await fixture.TakeAsync(BounceFixture.Sample("postfix-unknown-user", await fixture.MessageIdAsync(mailed, mailed.Readers[0]), "before@example.com"));
        Assert.Equal(DeliveryState.Bounced, (await mailed.LettersAsync(fixture.Mailer)).Single().State);
        Assert.Null(await StatusAsync(mailed));
    }

    [Theory]
    [InlineData("postfix-unknown-user")]
    [InlineData("mailbox-full")]
    [InlineData("complaint")]
    public async Task A_report_of_one_readers_letter_is_not_believed_of_another_readers_address(string sample)
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 2);
        var (own, other) = (mailed.Readers[0], mailed.Readers[1]);
        await fixture.TakeAsync(BounceFixture.Sample(sample, await fixture.MessageIdAsync(mailed, own), MailedEdition.AddressOf(other)));

        var letters = (await mailed.LettersAsync(fixture.Mailer)).ToDictionary(d => d.SubscriberId);
        Assert.NotNull(letters[own].BouncedAt ?? letters[own].ComplainedAt);
        Assert.Equal((DeliveryState.Accepted, null), (letters[other].State, letters[other].ComplainedAt));
        Assert.Null(await StatusAsync(mailed));
    }

    [Fact]
    public async Task A_mailbox_that_is_full_week_after_week_takes_no_more_letters()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var reader = mailed.Readers[0];
        await BounceFullAsync(mailed, reader);
        await BounceFullAsync(await mailed.AgainAsync(fixture.Mailer), reader);
        await BounceFullAsync(await mailed.AgainAsync(fixture.Mailer), reader);
        var soon = await StatusAsync(mailed);
        Assert.Equal((DeliverabilityStatus.Ok, 3), (soon!.Status, soon.SoftBounces));

        await fixture.Mailer.WithDbAsync<MailerDb, int>(db => db.AddressStatuses.Where(a => a.PublicationId == mailed.Publication)
            .ExecuteUpdateAsync(s => s.SetProperty(a => a.SoftSince, DateTimeOffset.UtcNow.AddDays(-8))));
        await BounceFullAsync(await mailed.AgainAsync(fixture.Mailer), reader);
        Assert.Equal((DeliverabilityStatus.Bounced, "5.2.2"), ((await StatusAsync(mailed))!.Status, (await StatusAsync(mailed))!.Reason));
        await fixture.Mailer.SentAsync<DeliverabilityChanged>(e => e.PublicationId == mailed.Publication && e.Addresses[0].Status == DeliverabilityStatus.Bounced);
    }

    [Fact]
    public async Task The_same_bounce_many_times_counts_once()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var mail = await fixture.SampleAsync("mailbox-full", mailed, mailed.Readers[0]);
        for (var i = 0; i < 5; i++) await fixture.TakeAsync(mail);
        Assert.Equal(1, (await StatusAsync(mailed))!.SoftBounces);
    }

    [Fact]
    public async Task What_the_server_said_is_shown_without_addresses_and_without_our_own_letter()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        await fixture.TakeAsync(await fixture.SampleAsync("postfix-unknown-user", mailed, mailed.Readers[0]));
        var text = await fixture.Mailer.WithDbAsync<MailerDb, FailureText>(db => db.FailureTexts.AsNoTracking().SingleAsync(f => f.EditionId == mailed.Edition));
        Assert.Equal("5.1.1", text.Reason);
        Assert.Contains("User unknown", text.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("@", text.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bounce_proves_that_the_server_had_the_letter()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1, DeliveryState.Uncertain, BatchState.Uncertain);
        await fixture.TakeAsync(await fixture.SampleAsync("delayed", mailed, mailed.Readers[0]));
        Assert.NotNull((await mailed.BatchAsync(fixture.Mailer)).FirstEventAt);
    }

    [Fact]
    public async Task A_bounce_of_a_later_letter_does_not_have_one_in_doubt_sent_again()
    {
        var doubted = await MailedEdition.CreateAsync(fixture.Mailer, 1, DeliveryState.Uncertain, BatchState.Uncertain);
        var later = await doubted.AgainAsync(fixture.Mailer);
        await fixture.Mailer.WithDbAsync<MailerDb, int>(db => db.Batches.Where(b => b.Id == later.Batch).ExecuteUpdateAsync(s => s.SetProperty(b => b.Provider, "smtp")));
        await fixture.Mailer.WithDbAsync<MailerDb, int>(db => db.Batches.Where(b => b.Id == doubted.Batch)
            .ExecuteUpdateAsync(s => s.SetProperty(b => b.Provider, "smtp").SetProperty(b => b.SentAt, DateTimeOffset.UtcNow.AddHours(-1))));

        await fixture.TakeAsync(await fixture.SampleAsync("postfix-unknown-user", later, later.Readers[0]));
        Assert.NotNull((await later.BatchAsync(fixture.Mailer)).FirstEventAt);
        await fixture.Mailer.WithDbAsync<BatchRecovery, int>(async recovery =>
        {
            await recovery.SettleAsync(TestContext.Current.CancellationToken);
            return 0;
        });

        Assert.Equal(BatchState.Uncertain, (await doubted.BatchAsync(fixture.Mailer)).State);
    }

    [Theory]
    [InlineData("not a mail")]
    [InlineData("\0\0\0\u00ff\0")]
    [InlineData("Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n")]
    [InlineData("Content-Type: multipart/report; report-type=feedback-report; boundary=x\r\n\r\n--x\r\nContent-Type: message/feedback-report\r\n\r\n--x--")]
    [InlineData("From: mailer-daemon@example.com\r\nContent-Type: multipart/mixed; boundary=\"\r\n\r\n550 5.1.1")]
    public async Task What_cannot_be_read_is_dropped(string mail)
    {
        await fixture.TakeAsync(Encoding.Latin1.GetBytes(mail));
        Assert.Equal(0, await fixture.CallsAsync());
    }

    [Fact]
    public async Task A_mail_that_is_nested_a_thousand_times_is_dropped()
    {
        var mail = string.Concat(Enumerable.Range(0, 1000).Select(i => $"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n"));
        await fixture.TakeAsync(Encoding.ASCII.GetBytes(mail));
        Assert.Equal(0, await fixture.CallsAsync());
    }

    private async Task BounceFullAsync(MailedEdition mailed, Guid reader) => await fixture.TakeAsync(await fixture.SampleAsync("mailbox-full", mailed, reader));

    private Task<AddressStatus?> StatusAsync(MailedEdition mailed) =>
        fixture.Mailer.WithDbAsync<MailerDb, AddressStatus?>(db => db.AddressStatuses.AsNoTracking().SingleOrDefaultAsync(a => a.PublicationId == mailed.Publication, Cancellation));
}
