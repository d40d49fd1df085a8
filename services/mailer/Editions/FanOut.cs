using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Contracts;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Letters;
using Newsletter.Mailer.Roundups;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Editions;

/// <summary>
/// Writes an edition's audience in chunks: ledger rows, their batches, the wake-ups and the cursor in one transaction each. The first letters leave
/// while later chunks are written; a worker that dies is followed by one that goes on at the cursor.
/// </summary>
internal sealed class FanOut(MailerDb db, VariantBooks books, IOptions<MailOptions> options, SharedClock clock, TimeProvider time)
{
    private const int ChunkSize = 20_000;
    private const int BatchSize = 1_000;
    // A batch looks its readers up between its first and its last one.
    private const int OrderedAtOnce = 5_000;
    /// <summary>A chunk takes seconds.</summary>
    private static readonly TimeSpan LongestLease = TimeSpan.FromMinutes(1);

    private TimeSpan Lease => options.Value.Lease < LongestLease ? options.Value.Lease : LongestLease;

    public async Task RunAsync(Guid editionId, CancellationToken cancellation)
    {
        var lease = Guid.CreateVersion7();
        var now = await clock.NowAsync(cancellation);
        var claimed = await db.Editions
            .Where(e => e.Id == editionId && e.State == EditionState.Preparing && e.PausedAt == null && (e.LeaseUntil == null || e.LeaseUntil < now))
            .ExecuteUpdateAsync(s => s.SetProperty(e => e.LeaseId, lease).SetProperty(e => e.LeaseUntil, now + Lease), cancellation);
        if (claimed == 0) return;

        VariantBook? book = null;
        Activity? step = null;
        try
        {
            while (true)
            {
                db.ChangeTracker.Clear();
                var edition = await db.Editions.SingleAsync(e => e.Id == editionId, cancellation);
                if (edition.State != EditionState.Preparing || edition.LeaseId != lease || edition.IsPaused) return;
                step ??= Continue(edition);
                book ??= await books.OpenAsync(db, edition, cancellation);
                try
                {
                    if (!await WriteChunkAsync(edition, book, cancellation)) return;
                }
                catch (DbUpdateConcurrencyException)
                {
                    // Paused, cancelled, or a post was dropped: look again at what holds now.
                    book = null;
                }
            }
        }
        finally
        {
            step?.Dispose();
        }
    }

    /// <summary>The trace of the publish that the edition came from.</summary>
    private static Activity? Continue(Edition edition)
    {
        ActivityContext.TryParse(edition.TraceParent, edition.TraceState, isRemote: true, out var parent);
        return NewsletterTelemetry.Activities.StartActivity("edition fan-out", ActivityKind.Internal, parent);
    }

    private async Task<bool> WriteChunkAsync(Edition edition, VariantBook? book, CancellationToken cancellation)
    {
        var now = await clock.NowAsync(cancellation);
        var readers = book is null ? [] : await EditionAudience.NextAsync(db, edition, now, ChunkSize, cancellation);
        var schedule = await SlotOfAsync(edition, now, cancellation);
        List<LedgerRow> rows = [];
        var letters = readers.Select(r => (Reader: r, Letter: book!.LetterFor(r))).Where(l => l.Letter is not null);
        foreach (var group in letters.GroupBy(l => (l.Letter!.Value.Variant, DueAt: schedule(l.Reader))))
        {
            // Equal letters side by side, and those of as many blocks: a provider that cannot put together a long one itself then carries more of them in one call.
            var isLong = group.Key.Variant.List is { } list && list.Bytes > PersonalList.MostSubstituted;
            foreach (var part in (isLong ? group.Chunk(OrderedAtOnce).SelectMany(some => some.OrderBy(l => l.Letter!.Value.Blocks)) : group).Chunk(BatchSize))
            {
                var batch = Batch.Of(Guid.CreateVersion7(now), edition, group.Key.Variant.Id, part.Length, group.Key.DueAt);
                db.Add(batch);
                if (batch.DueAt <= now) db.Publish(new DeliverBatch(batch.Id, edition.Id, edition.PublicationId));
                rows.AddRange(part.Select(l => new LedgerRow(l.Reader.Id, batch.Id, l.Letter!.Value.Blocks?.Bits)));
            }
        }
        var more = readers.Count == ChunkSize;
        edition.Hold(now + Lease);
        edition.Wrote(rows.Count, readers.Count > 0 ? readers[^1].Id : edition.Cursor, time);
        if (!more) edition.AudienceComplete(time);

        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        await db.SaveChangesAsync(cancellation);
        await LedgerWriter.WriteAsync(db, edition, rows, cancellation);
        await transaction.CommitAsync(cancellation);
        return more;
    }

    /// <summary>When a reader's letter is due: at once, whatever the clock said when the edition was made, or at the slot in their own zone.</summary>
    private async Task<Func<Reader, DateTimeOffset>> SlotOfAsync(Edition edition, DateTimeOffset now, CancellationToken cancellation)
    {
        if (edition.SlotAt is not { } slot) return _ => now;
        var publication = await db.FindPublicationAsync(edition.PublicationId, cancellation);
        var schedule = publication?.Newsletters.FirstOrDefault(n => n.Id == edition.NewsletterId)?.Schedule;
        // An edition that was run before its time goes to everybody now.
        if (schedule is not { InReadersZone: true } || edition.PeriodUntil < Slots.CutOff(schedule, slot, publication!.TimeZone)) return _ => now;
        return reader => Slots.InZone(schedule, slot, publication.TimeZone, reader.TimeZone) is var due && due > now ? due : now;
    }
}
