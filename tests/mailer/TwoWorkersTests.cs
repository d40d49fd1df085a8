using System.Net;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>Two mailers on one database and one provider: side by side, and one after the other has died.</summary>
public sealed class TwoWorkersTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private FakeSendGrid _provider = null!;
    private MailerUnderTest _first = null!;
    private MailerUnderTest _second = null!;
    private TestPublication _publication = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _provider = await FakeSendGrid.StartAsync();
        _first = await MailerUnderTest.StartAsync(useDatabase: _database, provider: _provider);
        _second = await MailerUnderTest.StartAsync(useDatabase: _database, provider: _provider);
        _publication = await _first.PublicationAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _provider.Close();
        await _second.DisposeAsync();
        await _first.DisposeAsync();
        await _provider.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Side_by_side_they_mail_everybody_once()
    {
        await _publication.JoinAsync(5_500);

        var edition = await _publication.PublishAsync(_publication.Post("Together", Access.Public));
        await _first.SentAsync(edition.Id);

        Assert.Equal(5_500, _provider.Of(edition).Count);
        Assert.Equal(5_500, _provider.Of(edition).Select(m => m.To).Distinct().Count());
        await _first.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 5_500));
    }

    [Fact]
    public async Task A_worker_that_dies_in_mid_send_leaves_an_uncertain_batch_that_nobody_sends_again_by_itself()
    {
        await _publication.JoinAsync(12);
        var (edition, batch) = await DieInMidSendAsync();

        await _second.LedgerBecomesAsync(edition.Id, (DeliveryState.Uncertain, 12));
        _second.Service.Time.Advance(TimeSpan.FromHours(1));
        var later = await _publication.PublishAsync(_publication.Post("Later"));
        await _second.SentAsync(later.Id);
        await _second.LedgerBecomesAsync(edition.Id, (DeliveryState.Uncertain, 12));

        var answer = await _first.Service.As(Role.Editor, _publication.Id).PostAsync($"{_publication.Api}/editions/{edition.Id}/batches/{batch}/resend", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        await _second.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 12));
    }

    [Fact]
    public async Task An_uncertain_batch_goes_out_again_once_a_later_one_has_shown_that_events_come()
    {
        await _publication.JoinAsync(8);
        var (edition, _) = await DieInMidSendAsync();
        await _second.LedgerBecomesAsync(edition.Id, (DeliveryState.Uncertain, 8));

        var later = await _publication.PublishAsync(_publication.Post("Later"));
        await _second.SentAsync(later.Id);
        await _second.WithDbAsync(db => db.Batches.Where(b => b.EditionId == later.Id).ExecuteUpdateAsync(s => s.SetProperty(b => b.FirstEventAt, DateTimeOffset.UtcNow)));
        _second.Service.Time.Advance(TimeSpan.FromHours(1));

        await _second.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 8));
    }

    [Fact]
    public async Task An_event_of_an_uncertain_batch_settles_it()
    {
        await _publication.JoinAsync(4);
        var (edition, batch) = await DieInMidSendAsync();
        await _second.LedgerBecomesAsync(edition.Id, (DeliveryState.Uncertain, 4));
        var calls = _provider.Calls;

        await _second.WithDbAsync(db => db.Batches.Where(b => b.Id == batch).ExecuteUpdateAsync(s => s.SetProperty(b => b.FirstEventAt, DateTimeOffset.UtcNow)));

        await _second.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 4));
        Assert.Equal(calls, _provider.Calls);
    }

    /// <summary>The provider never answers the first worker, whose lease then runs out on the second one's clock.</summary>
    private async Task<(Edition Edition, Guid Batch)> DieInMidSendAsync()
    {
        var isCalled = new TaskCompletionSource();
        _provider.Answer = async _ =>
        {
            _provider.Answer = _ => Task.FromResult(202);
            isCalled.TrySetResult();
            await _provider.Closing;
            return 0;
        };
        var edition = await _publication.PublishAsync(_publication.Post("Dies", Access.Public));
        await isCalled.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var batch = await _first.WithDbAsync(db => db.Batches.Where(b => b.EditionId == edition.Id).Select(b => b.Id).SingleAsync());
        _second.Service.Time.Advance(TimeSpan.FromMinutes(10));
        return (edition, batch);
    }
}
