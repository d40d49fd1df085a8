using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Pace;

/// <summary>An account that asks us to wait (429). Bug class: batches and processes that go on calling it, one after the other.</summary>
public sealed class AccountHoldTests : IAsyncLifetime
{
    private const int TooMany = 429;
    private static readonly TimeSpan Asked = TimeSpan.FromMinutes(2);
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
        _provider.Answer = _ => Task.FromResult(TooMany);
        _provider.RefusalHeaders["Retry-After"] = $"{Asked.TotalSeconds}";
    }

    public async ValueTask DisposeAsync()
    {
        await _second.DisposeAsync();
        await _first.DisposeAsync();
        await _provider.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Until_the_time_that_it_named_no_process_calls_it()
    {
        await _publication.JoinAsync(5);
        var edition = await _publication.PublishAsync(_publication.Post("Too many", Access.Public));
        await PutOffAsync(edition.Id);
        Assert.Equal(1, _provider.Calls);
        _provider.Answer = _ => Task.FromResult(202);

        var other = new TestPublication(_second, "Etc/UTC", new(DayOfWeek.Sunday, new(8, 0)));
        await other.TellAsync();
        await other.JoinAsync(3);
        var theirs = other.Post("From the other process", Access.Public);
        await other.TellAsync(theirs);
        var second = await _second.EditionAsync(e => e.PostId == theirs.Id, "the second edition");
        await PutOffAsync(second.Id);
        Assert.Equal(1, _provider.Calls);

        foreach (var mailer in (MailerUnderTest[])[_first, _second]) mailer.Service.Time.Advance(Asked * 2);
        await _first.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 5));
        await _first.LedgerBecomesAsync(second.Id, (DeliveryState.Accepted, 3));
        Assert.Equal(8, _provider.Mails.Count);
    }

    [Fact]
    public async Task Mail_to_one_person_waits_too_and_then_goes_first()
    {
        await _publication.JoinAsync(5);
        var edition = await _publication.PublishAsync(_publication.Post("Too many", Access.Public));
        await PutOffAsync(edition.Id);
        var mail = PaceMails.SignIn(_publication, "someone");
        await _first.Service.PublishAsync(mail);
        await Eventually.TrueAsync(() => _first.WithDbAsync(db => db.TransactionalMails.AnyAsync(m => m.Id == mail.MailId && m.Error == "held")), "the mail waiting");
        Assert.Equal(1, _provider.Calls);

        _provider.Answer = _ => Task.FromResult(202);
        foreach (var mailer in (MailerUnderTest[])[_first, _second]) mailer.Service.Time.Advance(Asked);

        await _first.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 5));
        Assert.Equal("someone@example.com", _provider.Mails.First().To);
    }

    /// <summary>Its batches wait for as long as was asked.</summary>
    private Task PutOffAsync(Guid edition) => Eventually.TrueAsync(
        () => _first.WithDbAsync(db => db.Batches.AnyAsync(b => b.EditionId == edition && b.State == BatchState.Queued && b.DueAt > DateTimeOffset.UtcNow + Asked - TimeSpan.FromSeconds(30))), "the batch put off");
}
