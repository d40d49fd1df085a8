using System.ComponentModel.DataAnnotations;
using System.Data;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Editions;

internal static class EditionEndpoints
{
    public static void MapEditions(this RouteGroupBuilder api)
    {
        api.MapGet("/editions", ListAsync).ForStaff(Permission.EditionsRead);
        api.MapGet("/editions/{id:guid}", GetAsync).ForStaff(Permission.EditionsRead);
        api.MapGet("/editions/{id:guid}/deliveries", DeliveriesAsync).ForStaff(Permission.EditionsRead);
        api.MapGet("/deliveries", LettersAsync).ForStaff(Permission.EditionsRead);
    }

    /// <summary>Newest first.</summary>
    /// <param name="post">Those of this post.</param>
    /// <param name="q">Part of the subject, in small or capital letters.</param>
    private static async Task<Results<Ok<ListPage<EditionListView>>, ProblemHttpResult>> ListAsync(
        CurrentPublication publication, MailerDb db, CancellationToken cancellation,
        string? state = null, Guid? post = null, [FromQuery, StringLength(200)] string? q = null, string? cursor = null, [Range(1, 100)] int limit = 50)
    {
        if (!TryRead<EditionState>(state, out var wanted)) return Problem.BadRequest("There is no such state.");
        var before = IdOf(cursor) ?? Guid.AllBitsSet;
        var editions = db.Editions.AsNoTracking().Where(e => e.PublicationId == publication.Id && e.Id < before && (wanted == null || e.State == wanted) && (post == null || e.PostId == post));
        if (q?.Trim() is { Length: > 0 } words)
        {
            var pattern = $"%{words.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
            // SQLite's LIKE does not mind case either, within ASCII.
            editions = db.IsSqlite
                ? editions.Where(e => EF.Functions.Like(e.Subject, pattern, "\\"))
                : editions.Where(e => EF.Functions.ILike(e.Subject, pattern, "\\"));
        }
        var page = await editions.OrderByDescending(e => e.Id).Take(limit + 1).ToListAsync(cancellation);
        var ids = page.ConvertAll(e => e.Id);
        var taken = await db.BatchTallies.Where(t => ids.Contains(t.EditionId)).GroupBy(t => t.EditionId)
            .Select(g => new { g.Key, Letters = g.Sum(t => t.Taken) }).ToDictionaryAsync(g => g.Key, g => g.Letters, cancellation);
        var counters = await db.EditionCounters.AsNoTracking().Where(c => ids.Contains(c.EditionId)).ToDictionaryAsync(c => c.EditionId, cancellation);
        return TypedResults.Ok(Page(page, limit, e => EditionListView.Of(e, taken.GetValueOrDefault(e.Id), counters.GetValueOrDefault(e.Id)), e => e.Id));
    }

    private static async Task<Results<Ok<EditionDetails>, ProblemHttpResult>> GetAsync(
        Guid id, CurrentPublication publication, MailerDb db, CancellationToken cancellation)
    {
        // One snapshot for all the numbers: their sum holds while batches are being written and sent.
        await using var snapshot = await db.Database.BeginTransactionAsync(IsolationLevel.Serializable, cancellation);
        var edition = await db.Editions.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id && e.PublicationId == publication.Id, cancellation);
        if (edition is null) return Problem.NotFound("There is no such edition.");
        var tally = await EditionTally.ReadAsync(db, id, int.MaxValue, cancellation);
        var counters = await db.EditionCounters.AsNoTracking().SingleOrDefaultAsync(c => c.EditionId == id, cancellation);
        return TypedResults.Ok(new EditionDetails(EditionView.Of(edition), tally.States, EditionFacts.Of(counters), tally.Uncertain, $"{publication.BaseUrl}/editions/{id}"));
    }

    private static async Task<Results<Ok<ListPage<DeliveryView>>, ProblemHttpResult>> DeliveriesAsync(
        Guid id, Caller caller, CurrentPublication publication, MailerDb db, CancellationToken cancellation,
        string? state = null, string? cursor = null, [Range(1, 100)] int limit = 50)
    {
        if (await KeptLedger.RefusalAsync(db, publication, id, cancellation) is { } refusal) return refusal;
        if (!TryRead<DeliveryState>(state, out var wanted)) return Problem.BadRequest("There is no such state.");
        var after = IdOf(cursor) ?? Guid.Empty;
        var deliveries = await db.Deliveries.AsNoTracking()
            .Where(d => d.EditionId == id && d.SubscriberId > after && (wanted == null || d.State == wanted))
            .OrderBy(d => d.SubscriberId).Take(limit + 1).ToListAsync(cancellation);
        // Authors see how many, and not who.
        var readers = deliveries.ConvertAll(d => d.SubscriberId);
        var addresses = caller.May(Permission.SubscribersRead)
            ? await db.Recipients.AsNoTracking().Where(r => r.PublicationId == publication.Id && readers.Contains(r.Id) && !r.Deleted).ToDictionaryAsync(r => r.Id, r => r.Email, cancellation)
            : [];
        return TypedResults.Ok(Page(
            deliveries, limit,
            d => new DeliveryView(d.SubscriberId, addresses.GetValueOrDefault(d.SubscriberId), d.State, d.Reason, d.AcceptedAt, d.DeliveredAt, d.BouncedAt, d.OpenedAt, d.ClickedAt, d.ComplainedAt, d.UnsubscribedAt),
            d => d.SubscriberId));
    }

    /// <summary>One reader's letters over all editions, newest first.</summary>
    private static async Task<Ok<ListPage<LetterView>>> LettersAsync(
        [FromQuery] Guid subscriber, CurrentPublication publication, MailerDb db, CancellationToken cancellation, string? cursor = null, [Range(1, 100)] int limit = 50)
    {
        var before = IdOf(cursor) ?? Guid.AllBitsSet;
        var letters = await (
            from d in db.Deliveries.AsNoTracking()
            where d.SubscriberId == subscriber && d.PublicationId == publication.Id && d.EditionId < before
            join e in db.Editions on d.EditionId equals e.Id
            orderby d.EditionId descending
            select new LetterView(
                e.Id, e.Subject, d.State, d.Reason, d.AcceptedAt, d.DeliveredAt, d.BouncedAt, d.OpenedAt, d.ClickedAt, d.ComplainedAt, d.UnsubscribedAt, e.CreatedAt))
            .Take(limit + 1).ToListAsync(cancellation);
        return TypedResults.Ok(Page(letters, limit, letter => letter, letter => letter.EditionId));
    }

    /// <summary>A word of the API in a query; null where there is none.</summary>
    private static bool TryRead<T>(string? word, out T? value) where T : struct, Enum
    {
        value = null;
        if (word is null) return true;
        if (!word.All(char.IsAsciiLetter) || !Enum.TryParse<T>(word, ignoreCase: true, out var parsed)) return false;
        value = parsed;
        return true;
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
