using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <summary>
/// Counts editions' letters by mail domain: over the ledger, so one edition after the other, only while somebody asks and when an edition has finished,
/// and not again before thirty seconds and a hundred times as long as it took have passed.
/// </summary>
internal sealed class DomainCounter(IServiceScopeFactory scopes, TimeProvider time, ILogger<DomainCounter> log) : Worker(TimeSpan.FromMinutes(1), log)
{
    private const int Rest = 100;
    private static readonly TimeSpan AtMostEvery = TimeSpan.FromSeconds(30);
    /// <summary>After this, hardly anything happens to an edition any more.</summary>
    private static readonly TimeSpan Lively = TimeSpan.FromDays(30);
    private readonly Channel<Guid> _asked = Channel.CreateUnbounded<Guid>();
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _waiting = new();
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _notBefore = new();

    /// <summary>What is known; asks for a newer count where it may be behind, and waits a moment for the first one.</summary>
    public async Task<EditionDomains?> FindAsync(MailerDb db, Edition edition, TimeSpan patience, CancellationToken cancellation)
    {
        var known = await db.EditionDomains.AsNoTracking().SingleOrDefaultAsync(d => d.EditionId == edition.Id, cancellation);
        if (edition.LedgerPrunedAt is not null || (known is not null && (known.CountedAt + AtMostEvery > time.GetUtcNow() || known.CountedAt > edition.CreatedAt + Lively))) return known;
        var counted = Ask(edition.Id);
        if (known is not null || counted is null) return known;
        await Task.WhenAny(counted, Task.Delay(patience, cancellation));
        return counted.IsCompletedSuccessfully ? await db.EditionDomains.AsNoTracking().SingleOrDefaultAsync(d => d.EditionId == edition.Id, cancellation) : null;
    }

    /// <returns>Ends when it is counted; null where it was a moment ago.</returns>
    public Task? Ask(Guid edition)
    {
        if (_notBefore.TryGetValue(edition, out var earliest) && time.GetUtcNow() < earliest) return null;
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = _waiting.GetOrAdd(edition, asked);
        if (waiting == asked) _asked.Writer.TryWrite(edition);
        Wake();
        return waiting.Task;
    }

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        if (!_asked.Reader.TryRead(out var edition)) return false;
        _waiting.TryRemove(edition, out var waiting);
        var started = Stopwatch.GetTimestamp();
        await using var scope = scopes.CreateAsyncScope();
        try
        {
            await DomainFold.KeepAsync(scope.ServiceProvider.GetRequiredService<MailerDb>(), edition, time.GetUtcNow(), stopping);
            waiting?.TrySetResult();
        }
        finally
        {
            waiting?.TrySetCanceled(CancellationToken.None);
            Forget();
            var rest = Stopwatch.GetElapsedTime(started) * Rest;
            _notBefore[edition] = time.GetUtcNow() + (rest > AtMostEvery ? rest : AtMostEvery);
        }
        return true;
    }

    private void Forget()
    {
        var now = time.GetUtcNow();
        foreach (var (edition, until) in _notBefore)
        {
            if (until < now) _notBefore.TryRemove(edition, out _);
        }
    }
}
