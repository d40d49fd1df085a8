using System.Text.Json;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tests.Figures;
using Newsletter.Mailer.Tests.Pace;
using Newsletter.Mailer.Tests.Webhooks;
using Newsletter.Tests.Harness;
using DeliverabilityStatus = Newsletter.Contracts.Deliverability;

namespace Newsletter.Mailer.Tests.Deliverability;

/// <summary>An address that takes no letters until a time. Bug classes: one that is left out for good, too early, or of more than it was barred for.</summary>
public sealed class BlockTests : IAsyncLifetime
{
    private readonly PostgresFigures _house = new();
    private TestPublication _publication = null!;

    public async ValueTask InitializeAsync()
    {
        await _house.InitializeAsync();
        _publication = await _house.Sending.PublicationAsync();
        foreach (var name in (string[])["blocked", "bounced", "well"]) await _publication.JoinAsync(name);
    }

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task It_is_mailed_again_after_that_time_and_not_before_while_one_that_is_gone_stays_barred()
    {
        var until = await BarAsync();

        _house.Mailer.Time.Advance(until - _house.Mailer.Time.GetUtcNow() - TimeSpan.FromMinutes(10));
        Assert.Equal(["well"], await MailedAsync("Before it"));

        _house.Mailer.Time.Advance(TimeSpan.FromMinutes(12));
        await FiguresFixture.BecomesAsync(_publication, Path("blocked"), a => a.GetProperty("status").GetString() == "ok", "the block lifted", Role.Editor);
        Assert.Equal(["blocked", "well"], await MailedAsync("After it"));
        await _house.Mailer.SentAsync<DeliverabilityChanged>(e => e.PublicationId == _publication.Id && e.Addresses.Any(a => a.Status == DeliverabilityStatus.Ok));
        Assert.Equal("bounced", (await FiguresFixture.GetAsync(_publication, Path("bounced"), Role.Editor)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task It_keeps_another_publications_letters_and_mail_that_was_asked_for()
    {
        var other = await _house.Sending.PublicationAsync();
        await other.JoinAsync("blocked");
        await BarAsync();

        var (theirs, mails) = await _house.MailAsync(other, "Another publication's");
        Assert.Equal("blocked@example.com", Assert.Single(mails).To);
        await _house.Sending.LedgerBecomesAsync(theirs.Id, (DeliveryState.Accepted, 1));

        await _house.Mailer.PublishAsync(PaceMails.SignIn(_publication, "blocked"));
        await Eventually.TrueAsync(() => Task.FromResult(_house.Sending.Provider.To("blocked").Any(m => m.Args.ContainsKey("mail"))), "the mail that was asked for");
        Assert.Equal(["well"], await MailedAsync("Its own"));
    }

    /// <summary>One address's server blocks a letter, another's knows no such mailbox; until when the first is barred.</summary>
    private async Task<DateTimeOffset> BarAsync()
    {
        var (_, mails) = await _house.MailAsync(_publication, "First");
        FakeMail To(string name) => mails.Single(m => m.To == $"{name}@example.com");
        await _house.TellAsync(FiguresFixture.EventOf(To("blocked"), "blocked"), FiguresFixture.EventOf(To("bounced"), "bounce", SignedEvents.Hard));

        var barred = await FiguresFixture.GetAsync(_publication, Path("blocked"), Role.Editor);
        Assert.Equal(("blocked", "letters"), (barred.GetProperty("status").GetString(), barred.GetProperty("scope").GetString()));
        Assert.Equal(JsonValueKind.Null, (await FiguresFixture.GetAsync(_publication, Path("bounced"), Role.Editor)).GetProperty("until").ValueKind);
        return barred.GetProperty("until").GetDateTimeOffset();
    }

    private async Task<IEnumerable<string>> MailedAsync(string title)
    {
        var (_, mails) = await _house.MailAsync(_publication, title);
        return mails.Select(m => m.To.Split('@')[0]).Order();
    }

    private static string Path(string name) => $"deliverability?address={name}@example.com";
}
