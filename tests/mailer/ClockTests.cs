using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Mailer.Roundups;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>One machine's clock is set an hour ahead or back while letters are on their way: nothing is sent twice, too early, or left lying.</summary>
public sealed class ClockTests : IAsyncLifetime
{
    private TwoMailers _mailers = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _mailers = await TwoMailers.StartAsync(
            new("Mail:Lease", "00:00:20"), new("Mail:UncertainGrace", "00:15:00"), new("Mail:CircuitFailures", "1"), new("Mail:CircuitPause", "00:00:01"));
    }

    public ValueTask DisposeAsync() => _mailers.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Nobody_takes_over_a_batch_that_is_being_sent(int hours)
    {
        var publication = await _mailers.First.PublicationAsync();
        await publication.JoinAsync(12);
        TaskCompletionSource called = new(), answered = new();
        _mailers.Provider.Answer = async _ =>
        {
            called.TrySetResult();
            await answered.Task;
            return 202;
        };
        var edition = await publication.PublishAsync(publication.Post("In flight", Access.Public));
        await called.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        // Whichever of them sends it: once the other's clock is wrong, once its own.
        _mailers.First.Service.Time.Jump(TimeSpan.FromHours(hours));
        _mailers.Second.Service.Time.Jump(TimeSpan.FromHours(-hours));
        // Longer than it takes to look for the dead.
        var lease = await LeaseAsync(edition);
        await Eventually.TrueAsync(async () => await LeaseAsync(edition) > lease + TimeSpan.FromSeconds(14), "the lease renewed three times");

        await _mailers.First.LedgerBecomesAsync(edition.Id, (DeliveryState.Sending, 12));
        answered.SetResult();
        await _mailers.First.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 12));
        Assert.Equal(1, _mailers.Provider.Calls);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task What_was_put_off_goes_out_in_its_time_and_the_provider_is_not_left_alone(int hours)
    {
        var publication = await _mailers.First.PublicationAsync();
        await publication.JoinAsync(5);
        _mailers.Provider.Answer = _ => Task.FromResult(503);
        var edition = await publication.PublishAsync(publication.Post("Put off", Access.Public));
        await Eventually.TrueAsync(() => _mailers.First.WithDbAsync(db => db.Batches.AnyAsync(b => b.EditionId == edition.Id && b.State == BatchState.Queued && b.Attempts > 0)), "the batch put off");

        JumpBoth(hours);
        _mailers.Provider.Answer = _ => Task.FromResult(202);

        await _mailers.First.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 5));
        await _mailers.First.SentAsync(edition.Id);
        Assert.Equal(5, _mailers.Provider.Of(edition).Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task An_edition_that_is_made_by_a_wrong_clock_goes_out_at_once_to_everybody_who_has_joined(int hours)
    {
        var publication = await _mailers.First.PublicationAsync();
        JumpBoth(hours);
        var now = DateTimeOffset.UtcNow;
        var joined = publication.Reader("just-now") with { CreatedAt = now, ConfirmedAt = now, Consents = [new(publication.Posts, now, "test")] };
        await publication.TellAsync(joined);

        // Content's clock is right.
        var edition = await publication.PublishAsync(publication.Post("Made then", Access.Public) with { FirstPublishedAt = DateTimeOffset.UtcNow, PublishedAt = DateTimeOffset.UtcNow });

        await _mailers.First.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Mail_to_one_person_is_sent_once_and_has_not_expired(int hours)
    {
        var publication = await _mailers.First.PublicationAsync();
        TaskCompletionSource called = new(), answered = new();
        _mailers.Provider.Answer = async _ =>
        {
            called.TrySetResult();
            await answered.Task;
            return 202;
        };
        await SignInMailAsync(publication, "in-flight@example.com");
        await called.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        JumpBoth(hours);
        _mailers.Provider.Answer = _ => Task.FromResult(202);

        await SignInMailAsync(publication, "after@example.com");
        await Eventually.TrueAsync(() => Task.FromResult(_mailers.Provider.To("after").Count == 1), "the mail after the jump");
        answered.SetResult();

        await Eventually.TrueAsync(() => _mailers.First.WithDbAsync(db => db.TransactionalMails.AllAsync(m => m.State == TransactionalState.Sent)), "both sent");
        Assert.Single(_mailers.Provider.To("in-flight"));
    }

    [Fact]
    public async Task A_slot_fires_neither_early_nor_twice()
    {
        var slot = DateTimeOffset.UtcNow.AddMinutes(30);
        var publication = await _mailers.First.PublicationAsync(schedule: new(slot.DayOfWeek, TimeOnly.FromTimeSpan(slot.TimeOfDay)));
        await publication.JoinAsync("weekly", publication.Roundup);
        await publication.JoinAsync("every-post");
        await publication.TellAsync(publication.Post("In the roundup", asLetter: false));
        Task<int> RoundupsAsync() => _mailers.First.WithDbAsync(db => db.Editions.CountAsync(e => e.SlotAt != null && e.Recipients > 0));

        JumpBoth(1);
        Wake();
        await _mailers.First.SentAsync((await publication.PublishAsync(publication.Post("Meanwhile", Access.Public))).Id);
        Assert.Equal(0, await RoundupsAsync());

        _mailers.Pass(TimeSpan.FromMinutes(31));
        Wake();
        await Eventually.TrueAsync(() => Task.FromResult(_mailers.Provider.To("weekly").Count == 1), "the roundup");
        JumpBoth(-2);
        Wake();
        await _mailers.First.SentAsync((await publication.PublishAsync(publication.Post("Afterwards", Access.Public))).Id);
        Assert.Equal(1, await RoundupsAsync());
    }

    private void JumpBoth(int hours)
    {
        foreach (var mailer in (MailerUnderTest[])[_mailers.First, _mailers.Second]) mailer.Service.Time.Jump(TimeSpan.FromHours(hours));
    }

    private void Wake()
    {
        foreach (var mailer in (MailerUnderTest[])[_mailers.First, _mailers.Second]) mailer.Service.Services.GetRequiredService<RoundupWorker>().Wake();
    }

    private Task SignInMailAsync(TestPublication publication, string to) => _mailers.First.Service.PublishAsync(new SendTransactionalMail
    {
        MailId = Guid.CreateVersion7(),
        PublicationId = publication.Id,
        To = to,
        Template = TransactionalTemplate.SignIn,
        Values = new Dictionary<string, string> { ["link"] = "http://mail.example:8080/x", ["code"] = "123456" },
        ExpiresAt = DateTimeOffset.UtcNow.AddMinutes(15),
    });

    private Task<DateTimeOffset?> LeaseAsync(Edition edition) => _mailers.First.WithDbAsync(db => db.Batches.Where(b => b.EditionId == edition.Id).Select(b => b.LeaseUntil).SingleAsync());
}
