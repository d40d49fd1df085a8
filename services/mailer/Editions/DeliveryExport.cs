using CsvHelper;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Editions;

/// <summary>An edition's deliveries as CSV, streamed. Addresses leave the house with it, so it asks for both permissions.</summary>
internal static class DeliveryExport
{
    private const int ChunkSize = 1_000;

    public static void MapDeliveryExport(this RouteGroupBuilder api) => api.MapGet("/editions/{id:guid}/export", ExportAsync).ForStaff(Permission.SubscribersExport);

    private static async Task<IResult> ExportAsync(
        Guid id, CurrentPublication publication, Caller caller, MailerDb db, HttpResponse response, CancellationToken cancellation)
    {
        if (!caller.May(Permission.EditionsRead)) return Problem.Forbidden($"The permission {Permission.EditionsRead} is needed, too.");
        if (await KeptLedger.RefusalAsync(db, publication, id, cancellation) is { } refusal) return refusal;
        response.ContentType = "text/csv; charset=utf-8";
        response.Headers.CacheControl = "private, no-store";
        response.Headers.ContentDisposition = $"attachment; filename=\"{publication.Slug}-{id}.csv\"";
        await WriteAsync(id, publication, db, response, cancellation);
        return Results.Empty;
    }

    private static async Task WriteAsync(Guid id, CurrentPublication publication, MailerDb db, HttpResponse response, CancellationToken cancellation)
    {
        // A reason or an address such as =HYPERLINK(…) is an attack on whoever opens the file in a spreadsheet.
        await using var csv = CsvWriter.Create(response.Body, new CsvWriterOptions { Injection = CsvInjection.Escape }, leaveOpen: true);
        csv.WriteHeader("subscriberId", "email", "state", "reason", "acceptedAt", "deliveredAt", "bouncedAt", "openedAt", "machineOpenedAt", "clickedAt", "machineClickedAt", "complainedAt", "unsubscribedAt");
        var after = Guid.Empty;
        while (true)
        {
            var chunk = await db.Deliveries.AsNoTracking().Where(d => d.EditionId == id && d.SubscriberId > after).OrderBy(d => d.SubscriberId).Take(ChunkSize)
                .Select(d => new { Delivery = d, Email = db.Recipients.Where(r => r.Id == d.SubscriberId && r.PublicationId == publication.Id && !r.Deleted).Select(r => r.Email).FirstOrDefault() })
                .ToListAsync(cancellation);
            foreach (var row in chunk)
            {
                Write(csv, row.Delivery, row.Email ?? "");
                await csv.EndRecordAsync(cancellation);
            }
            await csv.FlushAsync(cancellation);
            if (chunk.Count < ChunkSize) return;
            after = chunk[^1].Delivery.SubscriberId;
        }
    }

    private static void Write(CsvWriter csv, Delivery d, string email)
    {
        csv.WriteField(d.SubscriberId);
        csv.WriteField(email);
        csv.WriteField(DeliveryMetrics.WordOf(d.State));
        csv.WriteField(d.Reason);
        csv.WriteField(d.AcceptedAt);
        csv.WriteField(d.DeliveredAt);
        csv.WriteField(d.BouncedAt);
        csv.WriteField(d.OpenedAt);
        csv.WriteField(d.MachineOpenedAt);
        csv.WriteField(d.ClickedAt);
        csv.WriteField(d.MachineClickedAt);
        csv.WriteField(d.ComplainedAt);
        csv.WriteField(d.UnsubscribedAt);
    }
}
