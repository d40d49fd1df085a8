using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <summary>
/// What the live page shows, read once a second however many look at it. It sums an edition's batches, a thousand for a million readers, and counts
/// only those that are moving, eight at most: some milliseconds a second, where a count over the ledger of a million takes hundreds.
/// </summary>
internal sealed class LiveEditions(IServiceScopeFactory scopes, TimeProvider time) : IDisposable
{
    private const int MostCounted = 8;
    private readonly SharedViews<LiveView> _views = new(TimeSpan.FromMilliseconds(900));

    public void Dispose() => _views.Dispose();

    public Task<LiveView?> FindAsync(Guid publication, Guid edition) => _views.FindAsync(publication, edition, () => ReadAsync(publication, edition));

    private async Task<LiveView?> ReadAsync(Guid publication, Guid id)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var edition = await db.Editions.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id && e.PublicationId == publication, CancellationToken.None);
        if (edition is null) return null;
        var tally = await EditionTally.ReadAsync(db, id, MostCounted, CancellationToken.None);
        var run = new AcceptedRun(tally.Batches.Select(b => b.Tally));
        ActivityContext.TryParse(edition.TraceParent, edition.TraceState, isRemote: true, out var trace);
        var isHeld = !edition.IsOver && edition.HeldUntil > time.GetUtcNow();
        return new(
            edition.Id, edition.Subject, edition.State, edition.IsPaused, edition.PauseReason, tally.Recipients, tally.States,
            edition.IsOver ? run.AverageRate : run.RateAt(time.GetUtcNow()), run.Points(), edition.CreatedAt, edition.DueAt,
            run.First, run.Last, edition.FinishedAt, tally.Uncertain, trace == default ? null : trace.TraceId.ToHexString(),
            isHeld ? edition.HeldUntil : null, isHeld ? edition.HeldReason : null);
    }
}
