using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Transactional;

/// <summary>
/// Sends mail to one person as soon as its row is there, on a way of its own: no edition, however large, holds it up, nor does a publication whose mail server
/// is silent hold up the others'.
/// </summary>
internal sealed class TransactionalWorker(IServiceScopeFactory scopes, SharedClock clock, ILogger<TransactionalWorker> log) : Worker(TimeSpan.FromSeconds(2), log)
{
    private const int SideBySide = 64;
    private const int OfOnePublication = 8;
    private readonly ConcurrentDictionary<Guid, UnderWay> _underWay = new();

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        var underWay = _underWay.ToArray();
        var free = SideBySide - underWay.Length;
        if (free <= 0) return false;
        var busy = underWay.Select(m => m.Key).ToList();
        var begun = underWay.CountBy(m => m.Value.Publication).ToDictionary();
        var full = begun.Where(p => p.Value >= OfOnePublication).Select(p => p.Key).ToList();

        await using var scope = scopes.CreateAsyncScope();
        var now = await clock.NowAsync(stopping);
        var due = await scope.ServiceProvider.GetRequiredService<MailerDb>().TransactionalMails.AsNoTracking()
            .Where(m => (m.State == TransactionalState.Queued && m.DueAt <= now) || (m.State == TransactionalState.Sending && m.LeaseUntil < now))
            .Where(m => !busy.Contains(m.Id) && !full.Contains(m.PublicationId ?? Guid.Empty))
            .OrderBy(m => m.DueAt).Select(m => new { m.Id, Publication = m.PublicationId ?? Guid.Empty }).Take(free).ToListAsync(stopping);
        foreach (var mail in due)
        {
            var others = begun.GetValueOrDefault(mail.Publication);
            if (others == OfOnePublication) continue;
            begun[mail.Publication] = others + 1;
            Begin(mail.Id, mail.Publication, stopping);
        }
        // Behind those of a publication that has its places now others' may wait.
        return due.Count == free;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await base.ExecuteAsync(stoppingToken);
        await Task.WhenAll(_underWay.Values.Select(m => m.Over.Task));
    }

    /// <summary>Only the worker's loop begins mails, and each leaves the list after its end: none is begun twice at a time.</summary>
    private void Begin(Guid mail, Guid publication, CancellationToken stopping)
    {
        var underWay = new UnderWay(publication, new());
        _underWay[mail] = underWay;
        _ = SendAsync(mail, underWay, stopping);
    }

    private async Task SendAsync(Guid mail, UnderWay underWay, CancellationToken stopping)
    {
        await Task.Yield();
        var isThrough = false;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<TransactionalSender>().SendAsync(mail, stopping);
            isThrough = true;
        }
        catch (Exception e) when (e is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            Report(e);
        }
        catch (OperationCanceledException)
        {
            // The process ends; the row remains.
        }
        _underWay.TryRemove(mail, out _);
        underWay.Over.SetResult();
        // What failed waits for the next poll.
        if (isThrough) Wake();
    }

    /// <param name="Publication">Empty: the installation's own mail.</param>
    private sealed record UnderWay(Guid Publication, TaskCompletionSource Over);
}
