using System.Net;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>Two mailers on one database and one provider: side by side, and one after the other has died.</summary>
public sealed class TwoWorkersTests : IAsyncLifetime
{
    private TwoMailers _mailers = null!;
    private TestPublication _publication = null!;

    public async ValueTask InitializeAsync()
    {
        _mailers = await TwoMailers.StartAsync();
        _publication = await _mailers.First.PublicationAsync();
    }

    public ValueTask DisposeAsync() => _mailers.DisposeAsync();

    [Fact]
    public async Task Side_by_side_they_mail_everybody_once()
    {
        await _publication.JoinAsync(5_500);

        var edition = await _publication.PublishAsync(_publication.Post("Together", Access.Public));
        await _mailers.First.SentAsync(edition.Id);

        Assert.Equal(5_500, _mailers.Provider.Of(edition).Count);
        Assert.Equal(5_500, _mailers.Provider.Of(edition).Select(m => m.To).Distinct().Count());
        await _mailers.First.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 5_500));
    }

    [Fact]
    public async Task A_worker_that_dies_in_mid_send_leaves_an_uncertain_batch_that_nobody_sends_again_by_itself()
    {
        await _publication.JoinAsync(12);
        var (edition, batch) = await DieInMidSendAsync();

        await _mailers.Second.LedgerBecomesAsync(edition.Id, (DeliveryState.Uncertain, 12));
        _mailers.Second.Service.Time.Advance(TimeSpan.FromHours(1));
        var later = await _publication.PublishAsync(_publication.Post("Later"));
        await _mailers.Second.SentAsync(later.Id);
        await _mailers.Second.LedgerBecomesAsync(edition.Id, (DeliveryState.Uncertain, 12));

        var answer = await _mailers.First.Service.As(Role.Editor, _publication.Id).PostAsync($"{_publication.Api}/editions/{edition.Id}/batches/{batch}/resend", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        await _mailers.Second.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 12));
    }

    [Fact]
    public async Task An_uncertain_batch_goes_out_again_once_a_later_one_has_shown_that_events_come()
    {
        await _publication.JoinAsync(8);
        var (edition, _) = await DieInMidSendAsync();
        await _mailers.Second.LedgerBecomesAsync(edition.Id, (DeliveryState.Uncertain, 8));

        var later = await _publication.PublishAsync(_publication.Post("Later"));
        await _mailers.Second.SentAsync(later.Id);
        await _mailers.Second.WithDbAsync(db => db.Batches.Where(b => b.EditionId == later.Id).ExecuteUpdateAsync(s => s.SetProperty(b => b.FirstEventAt, DateTimeOffset.UtcNow)));
        _mailers.Second.Service.Time.Advance(TimeSpan.FromHours(1));

        await _mailers.Second.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 8));
    }

    [Fact]
    public async Task An_event_of_an_uncertain_batch_settles_it()
    {
        await _publication.JoinAsync(4);
        var (edition, batch) = await DieInMidSendAsync();
        await _mailers.Second.LedgerBecomesAsync(edition.Id, (DeliveryState.Uncertain, 4));
        var calls = _mailers.Provider.Calls;

        await _mailers.Second.WithDbAsync(db => db.Batches.Where(b => b.Id == batch).ExecuteUpdateAsync(s => s.SetProperty(b => b.FirstEventAt, DateTimeOffset.UtcNow)));

        await _mailers.Second.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 4));
        Assert.Equal(calls, _mailers.Provider.Calls);
    }

    [Fact]
    public async Task Of_two_who_decide_over_an_uncertain_batch_one_does()
    {
        await _publication.JoinAsync(6);
        var (edition, id) = await DieInMidSendAsync();
        await _mailers.Second.LedgerBecomesAsync(edition.Id, (DeliveryState.Uncertain, 6));
        _mailers.Provider.Answer = _ => Task.FromResult(503);
        // Both have read it as uncertain; staff's word comes first.
        var seen = await _mailers.First.WithDbAsync(db => db.Batches.AsNoTracking().SingleAsync(b => b.Id == id));

        Assert.True(await _mailers.First.Service.WithDbAsync<BatchRecovery, bool>(recovery => recovery.ResendAsync(seen, "resent_by_staff", TestContext.Current.CancellationToken)));
        Assert.False(await _mailers.Second.Service.WithDbAsync<BatchRecovery, bool>(recovery => recovery.SettleAsync(seen, TestContext.Current.CancellationToken)));
        // Its time is ahead of the first one's.
        await _mailers.Second.PutOffAsync(edition.Id);
        _mailers.Provider.Answer = _ => Task.FromResult(202);
        _mailers.Pass(TimeSpan.FromMinutes(15));

        await _mailers.Second.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 6));
    }

    /// <summary>The provider never answers the first worker, whose lease then runs out on the second one's clock.</summary>
    private async Task<(Edition Edition, Guid Batch)> DieInMidSendAsync()
    {
        var isCalled = new TaskCompletionSource();
        _mailers.Provider.Answer = async _ =>
        {
            _mailers.Provider.Answer = _ => Task.FromResult(202);
            isCalled.TrySetResult();
            await _mailers.Provider.Closing;
            return 0;
        };
        var edition = await _publication.PublishAsync(_publication.Post("Dies", Access.Public));
        await isCalled.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var batch = await _mailers.First.WithDbAsync(db => db.Batches.Where(b => b.EditionId == edition.Id).Select(b => b.Id).SingleAsync());
        _mailers.Second.Service.Time.Advance(TimeSpan.FromMinutes(10));
        return (edition, batch);
    }
}
