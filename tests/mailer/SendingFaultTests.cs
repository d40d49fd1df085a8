using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>Faults between fan-out and the provider's answer: none may lose a letter, send one twice, or break the ledger's sum.</summary>
public sealed class SendingFaultTests : IAsyncLifetime
{
    private const int Unavailable = 503;
    private MailerUnderTest _mailer = null!;
    private TestPublication _publication = null!;

    public async ValueTask InitializeAsync()
    {
        _mailer = await MailerUnderTest.StartAsync();
        _publication = await _mailer.PublicationAsync();
    }

    public ValueTask DisposeAsync() => _mailer.DisposeAsync();

    [Fact]
    public async Task While_the_provider_is_away_mail_waits_and_goes_out_later()
    {
        await _publication.JoinAsync(30);
        var edition = await HeldBackAsync();

        _mailer.Provider.Answer = _ => Task.FromResult(202);
        _mailer.Service.Time.Advance(TimeSpan.FromMinutes(15));

        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 30));
        Assert.Equal(30, _mailer.Provider.Of(edition).Select(m => m.To).Distinct().Count());
        Assert.Equal(30, _mailer.Provider.Of(edition).Count);
    }

    [Fact]
    public async Task What_is_not_accepted_by_the_deadline_has_failed()
    {
        await _publication.JoinAsync(3);
        var edition = await HeldBackAsync();

        _mailer.Service.Time.Advance(Edition.Patience + TimeSpan.FromMinutes(1));

        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Failed, 3));
        await _mailer.SentAsync(edition.Id);
    }

    [Fact]
    public async Task Who_leaves_bounces_or_lapses_between_fan_out_and_send_is_not_mailed()
    {
        var stays = await _publication.JoinAsync("stays");
        var leaves = await _publication.JoinAsync("leaves");
        var bounces = await _publication.JoinAsync("bounces");
        var lapses = await _publication.JoinAsync("lapses");
        var keeps = await _publication.JoinAsync("keeps");
        var grant = await _publication.GrantAsync(lapses);
        await _publication.GrantAsync(keeps);
        var edition = await HeldBackAsync(Access.Paid);

        await _publication.TellAsync(leaves with { Version = TestPublication.NextVersion(), Consents = [] });
        await _publication.TellAsync(grant with { Version = TestPublication.NextVersion(), Until = DateTimeOffset.UtcNow.AddMinutes(-1) });
        await _mailer.WithDbAsync(async db =>
        {
            var recipient = await db.Recipients.SingleAsync(r => r.Id == bounces.Id);
            var status = AddressStatus.Of(_publication.Id, recipient.AddressHash, bounces.Id);
            status.Set(Contracts.Deliverability.Bounced, "550", DateTimeOffset.UtcNow, 1);
            db.Add(status);
            return await db.SaveChangesAsync();
        });
        _mailer.Provider.Answer = _ => Task.FromResult(202);
        _mailer.Service.Time.Advance(TimeSpan.FromMinutes(15));

        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 2), (DeliveryState.Skipped, 2), (DeliveryState.Suppressed, 1));
        Assert.Equal(new[] { keeps.Email, stays.Email }, _mailer.Provider.Of(edition).Select(m => m.To).Order());
    }

    [Fact]
    public async Task Unpublishing_takes_back_what_is_not_sent()
    {
        await _publication.JoinAsync(5);
        var post = _publication.Post("Taken back");
        var edition = await HeldBackAsync(post);

        await _publication.TellAsync(post with { Version = TestPublication.NextVersion(), Published = false, Cuts = [] });

        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Cancelled, 5));
        await _publication.TellAsync(post with { Version = TestPublication.NextVersion() });
        Assert.Equal(1, await _mailer.WithDbAsync(db => db.Editions.CountAsync(e => e.PostId == post.Id)));
        Assert.Empty(_mailer.Provider.Of(edition));
    }

    [Fact]
    public async Task Unpublishing_drops_a_post_from_a_roundup_that_is_not_sent()
    {
        await _publication.JoinAsync("roundup", _publication.Roundup);
        var (stays, goes) = (_publication.Post("Stays", asLetter: false), _publication.Post("Goes", asLetter: false));
        await _publication.TellAsync(stays);
        await _publication.TellAsync(goes);
        _mailer.Provider.Answer = _ => Task.FromResult(Unavailable);
        var run = await (await _publication.RunRoundupAsync()).Content.ReadFromJsonAsync<EditionView>(Json.Options, TestContext.Current.CancellationToken);
        var edition = await _mailer.EditionAsync(e => e.Id == run!.Id, "roundup");
        await _mailer.PutOffAsync(edition.Id);

        await _publication.TellAsync(goes with { Version = TestPublication.NextVersion(), Published = false, Cuts = [] });
        _mailer.Provider.Answer = _ => Task.FromResult(202);
        _mailer.Service.Time.Advance(TimeSpan.FromMinutes(15));

        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 1));
        var mail = Assert.Single(_mailer.Provider.To("roundup"));
        Assert.Contains("About Stays", mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("About Goes", mail.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_paused_edition_stands_still_and_a_resumed_one_goes_on()
    {
        await _publication.JoinAsync(7_000);
        var gate = new TaskCompletionSource();
        _mailer.Provider.Answer = async _ =>
        {
            await gate.Task;
            return 202;
        };
        var edition = await _publication.PublishAsync(_publication.Post("Paused", Access.Public));
        await Eventually.TrueAsync(() => Task.FromResult(_mailer.Provider.Calls == 4), "four calls in flight");

        (await _publication.As(Role.Editor).PostAsync($"{_publication.Api}/editions/{edition.Id}/pause", null, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        gate.SetResult();
        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 4_000), (DeliveryState.Queued, 3_000));
        Assert.Equal(4, _mailer.Provider.Calls);

        (await _publication.As(Role.Editor).PostAsync($"{_publication.Api}/editions/{edition.Id}/resume", null, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 7_000));
        Assert.Equal(7_000, _mailer.Provider.Of(edition).Select(m => m.To).Distinct().Count());
    }

    [Fact]
    public async Task A_pause_that_meets_another_change_of_the_edition_is_made_all_the_same()
    {
        await _publication.JoinAsync(3);
        var edition = await HeldBackAsync();
        await using var other = await OtherSession.BeginAsync(_mailer.Service.Database);
        // As the writing of the audience does, a chunk at a time.
        await other.ExecuteAsync($"BEGIN; UPDATE editions SET version = version + 1 WHERE id = '{edition.Id}'");
        var pause = _publication.As(Role.Editor).PostAsync($"{_publication.Api}/editions/{edition.Id}/pause", null, TestContext.Current.CancellationToken);
        await other.HoldsUpAsync("%UPDATE editions%");
        await other.ExecuteAsync("COMMIT");

        (await pause).EnsureSuccessStatusCode();
        Assert.NotNull((await _mailer.EditionAsync(e => e.Id == edition.Id, "edition")).PausedAt);
    }

    [Fact]
    public async Task Who_leaves_while_a_slow_server_has_their_batch_is_not_mailed()
    {
        var mayAnswer = new TaskCompletionSource();
        await using var server = new FakeSmtp { BeforeAnswer = (_, _) => mayAnswer.Task };
        await using var mailer = await MailerUnderTest.StartAsync(settings:
            [new("Mail:Provider", "smtp"), new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{server.Port}"), new("Smtp:Security", "None"), new("Smtp:Connections", "1")]);
        var publication = await mailer.PublicationAsync();
        var readers = new[] { await publication.JoinAsync("one"), await publication.JoinAsync("two"), await publication.JoinAsync("three") };
        var edition = await publication.PublishAsync(publication.Post("Slow", Access.Public));
        await Eventually.TrueAsync(() => Task.FromResult(server.Letters.Count == 1), "the first letter under way");

        var leaves = readers.First(r => r.Email != server.Letters[0]);
        await publication.TellAsync(leaves with { Version = TestPublication.NextVersion(), Consents = [] });
        mailer.Service.Time.Advance(TimeSpan.FromSeconds(40));
        mayAnswer.SetResult();

        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 2), (DeliveryState.Skipped, 1));
        Assert.DoesNotContain(leaves.Email, server.Letters);
    }

    [Fact]
    public async Task Cancelling_keeps_what_has_left_and_takes_back_the_rest()
    {
        await _publication.JoinAsync(7_000);
        var gate = new TaskCompletionSource();
        _mailer.Provider.Answer = async _ =>
        {
            await gate.Task;
            return 202;
        };
        var edition = await _publication.PublishAsync(_publication.Post("Cancelled", Access.Public));
        await Eventually.TrueAsync(() => Task.FromResult(_mailer.Provider.Calls == 4), "four calls in flight");

        (await _publication.As(Role.Editor).PostAsync($"{_publication.Api}/editions/{edition.Id}/cancel", null, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        gate.SetResult();

        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 4_000), (DeliveryState.Cancelled, 3_000));
        Assert.Equal(4_000, _mailer.Provider.Of(edition).Count);
    }

    [Fact]
    public async Task A_database_that_goes_away_after_the_send_does_not_make_the_letters_uncertain()
    {
        await _publication.JoinAsync(7);
        var isAway = new TaskCompletionSource();
        _mailer.Provider.AfterKept = async () =>
        {
            _mailer.Provider.AfterKept = () => Task.CompletedTask;
            await _mailer.Service.Database.SetAwayAsync(true);
            isAway.SetResult();
        };
        await _publication.TellAsync(_publication.Post("Away"));
        await isAway.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await _mailer.Service.Database.SetAwayAsync(false);

        var edition = await _mailer.EditionAsync(e => e.Kind == EditionKind.Post && e.State == EditionState.Sent, "edition sent");
        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 7));
        Assert.Equal(7, _mailer.Provider.Of(edition).Count);
    }

    [Fact]
    public async Task An_address_that_the_provider_refuses_at_once_counts_as_bounced()
    {
        await _publication.JoinAsync("good");
        var bad = _publication.Reader("bad") with { Email = "no mailbox", NormalisedEmail = "no mailbox" };
        await _publication.TellAsync(bad);

        var edition = await _publication.PublishAsync(_publication.Post("Refused"));

        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 1), (DeliveryState.Bounced, 1));
        var told = await _mailer.Service.SentAsync<DeliverabilityChanged>(e => e.Addresses.Any(a => a.Id == bad.Id));
        Assert.Equal(Contracts.Deliverability.Bounced, Assert.Single(told.Addresses).Status);
    }

    private Task<Edition> HeldBackAsync(Access access = Access.Subscribers) => HeldBackAsync(_publication.Post("Held back", access));

    /// <summary>An edition whose batches were refused once by a provider that is away.</summary>
    private async Task<Edition> HeldBackAsync(PostSnapshot post)
    {
        _mailer.Provider.Answer = _ => Task.FromResult(Unavailable);
        var edition = await _publication.PublishAsync(post);
        await _mailer.PutOffAsync(edition.Id);
        return edition;
    }
}
