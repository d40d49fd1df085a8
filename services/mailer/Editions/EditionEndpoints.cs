using System.ComponentModel.DataAnnotations;
using System.Data;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Editions;

internal static class EditionEndpoints
{
    public static void MapEditions(this RouteGroupBuilder api)
    {
        api.MapGet("/editions", ListAsync).ForStaff(Permission.EditionsRead);
        api.MapGet("/editions/{id:guid}", GetAsync).ForStaff(Permission.EditionsRead);
        api.MapGet("/editions/{id:guid}/deliveries", DeliveriesAsync).ForStaff(Permission.EditionsRead);
    }

    private static async Task<Ok<ListPage<EditionView>>> ListAsync(
        CurrentPublication publication, MailerDb db, CancellationToken cancellation, string? cursor = null, [Range(1, 100)] int limit = 50)
    {
        var before = IdOf(cursor) ?? Guid.AllBitsSet;
        var editions = await db.Editions.AsNoTracking().Where(e => e.PublicationId == publication.Id && e.Id < before)
            .OrderByDescending(e => e.Id).Take(limit + 1).ToListAsync(cancellation);
        return TypedResults.Ok(Page(editions, limit, EditionView.Of, e => e.Id));
    }

    private static async Task<Results<Ok<EditionDetails>, ProblemHttpResult>> GetAsync(
        Guid id, CurrentPublication publication, MailerDb db, CancellationToken cancellation)
    {
        // One snapshot for all the numbers: their sum holds while batches are being written and sent.
        await using var snapshot = await db.Database.BeginTransactionAsync(IsolationLevel.Serializable, cancellation);
        var edition = await db.Editions.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id && e.PublicationId == publication.Id, cancellation);
        if (edition is null) return Problem.NotFound("There is no such edition.");
        var rows = db.Deliveries.AsNoTracking().Where(d => d.EditionId == id);
        var states = await rows.GroupBy(d => d.State).Select(g => new
        {
            State = g.Key,
            Letters = g.Count(),
            Opened = g.Count(d => d.OpenedAt != null),
            Clicked = g.Count(d => d.ClickedAt != null),
            Complained = g.Count(d => d.ComplainedAt != null),
            Unsubscribed = g.Count(d => d.UnsubscribedAt != null),
        }).ToListAsync(cancellation);
        var counters = await db.EditionCounters.AsNoTracking().SingleOrDefaultAsync(c => c.EditionId == id, cancellation);
        var uncertain = await db.Batches.AsNoTracking().Where(b => b.EditionId == id && b.State == BatchState.Uncertain).OrderBy(b => b.Id)
            .Select(b => new UncertainBatch(b.Id, db.Deliveries.Count(d => d.EditionId == id && d.BatchId == b.Id && d.State == DeliveryState.Uncertain), b.SentAt))
            .Take(100).ToListAsync(cancellation);
        return TypedResults.Ok(new EditionDetails(
            EditionView.Of(edition),
            Enum.GetValues<DeliveryState>().ToDictionary(s => s, s => states.Find(g => g.State == s)?.Letters ?? 0),
            new(states.Sum(g => g.Opened), states.Sum(g => g.Clicked), states.Sum(g => g.Complained), states.Sum(g => g.Unsubscribed),
                counters?.Opens ?? 0, counters?.MachineOpens ?? 0, counters?.Clicks ?? 0),
            uncertain,
            $"{publication.BaseUrl}/editions/{id}"));
    }

    private static async Task<Results<Ok<ListPage<DeliveryView>>, ProblemHttpResult>> DeliveriesAsync(
        Guid id, CurrentPublication publication, MailerDb db, CancellationToken cancellation,
        string? state = null, string? cursor = null, [Range(1, 100)] int limit = 50)
    {
        if (!await db.Editions.AnyAsync(e => e.Id == id && e.PublicationId == publication.Id, cancellation)) return Problem.NotFound("There is no such edition.");
        DeliveryState? wanted = null;
        if (state is not null)
        {
            if (!Enum.TryParse<DeliveryState>(state, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed)) return Problem.BadRequest("There is no such state.");
            wanted = parsed;
        }
        var after = IdOf(cursor) ?? Guid.Empty;
        var deliveries = await db.Deliveries.AsNoTracking()
            .Where(d => d.EditionId == id && d.SubscriberId > after && (wanted == null || d.State == wanted))
            .OrderBy(d => d.SubscriberId).Take(limit + 1).ToListAsync(cancellation);
        return TypedResults.Ok(Page(
            deliveries, limit,
            d => new DeliveryView(d.SubscriberId, d.State, d.Reason, d.AcceptedAt, d.DeliveredAt, d.BouncedAt, d.OpenedAt, d.ClickedAt, d.ComplainedAt, d.UnsubscribedAt),
            d => d.SubscriberId));
    }

    private static Guid? IdOf(string? cursor) => Cursor.Read(cursor) switch
    {
        null => null,
        var text when Guid.TryParseExact(text, "N", out var id) => id,
        _ => throw new BadHttpRequestException("The cursor is not one that this list gave."),
    };

    private static ListPage<TView> Page<TRow, TView>(List<TRow> rows, int limit, Func<TRow, TView> view, Func<TRow, Guid> key) =>
        new([.. rows.Take(limit).Select(view)], rows.Count > limit ? Cursor.Of(key(rows[limit - 1]).ToString("N", CultureInfo.InvariantCulture)) : null);
}
