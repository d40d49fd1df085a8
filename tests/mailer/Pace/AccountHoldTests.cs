using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Transactional;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Pace;

/// <summary>An account that asks us to wait (429). Bug class: batches and processes that go on calling it, one after the other.</summary>
public sealed class AccountHoldTests : IAsyncLifetime
{
    private const int TooMany = 429;
    private static readonly TimeSpan Asked = TimeSpan.FromMinutes(2);
    private TwoMailers _mailers = null!;
    private TestPublication _publication = null!;

    public async ValueTask InitializeAsync()
    {
        _mailers = await TwoMailers.StartAsync();
        _publication = await _mailers.First.PublicationAsync();
        _mailers.Provider.Answer = _ => Task.FromResult(TooMany);
        _mailers.Provider.RefusalHeaders["Retry-After"] = $"{Asked.TotalSeconds}";
    }

    public ValueTask DisposeAsync() => _mailers.DisposeAsync();

    [Fact]
    public async Task Until_the_time_that_it_named_no_process_calls_it()
    {
        await _publication.JoinAsync(5);
        var edition = await _publication.PublishAsync(_publication.Post("Too many", Access.Public));
        await PutOffAsync(edition.Id);
        Assert.Equal(1, _mailers.Provider.Calls);
        _mailers.Provider.Answer = _ => Task.FromResult(202);

        var other = new TestPublication(_mailers.Second, "Etc/UTC", new(DayOfWeek.Sunday, new(8, 0)));
        await other.TellAsync();
        await other.JoinAsync(3);
        var theirs = other.Post("From the other process", Access.Public);
        await other.TellAsync(theirs);
        var second = await _mailers.Second.EditionAsync(e => e.PostId == theirs.Id, "the second edition");
        await PutOffAsync(second.Id);
        Assert.Equal(1, _mailers.Provider.Calls);

        _mailers.Pass(Asked * 2);
        await _mailers.First.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 5));
        await _mailers.First.LedgerBecomesAsync(second.Id, (DeliveryState.Accepted, 3));
        Assert.Equal(8, _mailers.Provider.Mails.Count);
    }

    [Fact]
    public async Task Mail_to_one_person_waits_too_and_then_goes_first()
    {
        await _publication.JoinAsync(5);
        var edition = await _publication.PublishAsync(_publication.Post("Too many", Access.Public));
        await PutOffAsync(edition.Id);
        var mail = PaceMails.SignIn(_publication, "someone");
        await _mailers.First.Service.PublishAsync(mail);
        await Eventually.TrueAsync(() => _mailers.First.WithDbAsync(db => db.TransactionalMails.AnyAsync(m => m.Id == mail.MailId && m.Error == "held")), "the mail waiting");
        Assert.Equal(1, _mailers.Provider.Calls);

        _mailers.Provider.Answer = _ => Task.FromResult(202);
        var until = await _mailers.First.WithDbAsync(db => db.TransactionalMails.Where(m => m.Id == mail.MailId).Select(m => m.DueAt).SingleAsync());
        _mailers.Pass(until - DateTimeOffset.UtcNow);
        foreach (var mailer in (MailerUnderTest[])[_mailers.First, _mailers.Second]) mailer.Service.Services.GetRequiredService<TransactionalWorker>().Wake();

        await _mailers.First.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 5));
        Assert.Equal("someone@example.com", _mailers.Provider.Mails.First().To);
    }

    /// <summary>Its batches wait for as long as was asked.</summary>
    private Task PutOffAsync(Guid edition) => Eventually.TrueAsync(
        () => _mailers.First.WithDbAsync(db => db.Batches.AnyAsync(b => b.EditionId == edition && b.State == BatchState.Queued && b.DueAt > DateTimeOffset.UtcNow + Asked - TimeSpan.FromSeconds(30))), "the batch put off");
}
