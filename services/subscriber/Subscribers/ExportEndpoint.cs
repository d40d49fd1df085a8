using CsvHelper;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Identity;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Subscribers;

/// <summary>All subscribers as CSV, streamed. Its first columns are those of the import.</summary>
internal static class ExportEndpoint
{
    private const int ChunkSize = 500;

    public static void MapExport(this RouteGroupBuilder api) => api.MapGet("/subscribers/export", ExportAsync).ForStaff(Permission.SubscribersExport);

    private static async Task ExportAsync(CurrentPublication publication, SubscriberDb db, HttpResponse response, CancellationToken cancellation)
    {
        response.ContentType = "text/csv; charset=utf-8";
        response.Headers.CacheControl = "private, no-store";
        response.Headers.ContentDisposition = $"attachment; filename=\"{publication.Slug}-subscribers.csv\"";
        // A name such as =HYPERLINK(…) is a reader's attack on whoever opens the file in a spreadsheet.
        await using var csv = CsvWriter.Create(response.Body, new CsvWriterOptions { Injection = CsvInjection.Escape }, leaveOpen: true);
        csv.WriteHeader("email", "name", "cadence", "topics", "timeZone", "confirmed", "status", "newsletters", "tags", "source", "createdAt", "confirmedAt");
        var after = Guid.Empty;
        while (true)
        {
            var chunk = await db.Subscribers.AsNoTracking().Where(s => s.PublicationId == publication.Id && s.Id.CompareTo(after) > 0)
                .OrderBy(s => s.Id).Take(ChunkSize).ToListAsync(cancellation);
            foreach (var subscriber in chunk)
            {
                Write(csv, SubscriberView.Of(subscriber, publication));
                await csv.EndRecordAsync(cancellation);
            }
            await csv.FlushAsync(cancellation);
            if (chunk.Count < ChunkSize) return;
            after = chunk[^1].Id;
        }
    }

    private static void Write(CsvWriter csv, SubscriberView s)
    {
        csv.WriteField(s.Email);
        csv.WriteField(s.Name);
        csv.WriteField(s.Cadence switch { Cadence.EveryPost => "every_post", Cadence.Weekly => "weekly", _ => "none" });
        csv.WriteField(string.Join(';', s.Topics));
        csv.WriteField(s.TimeZone);
        csv.WriteField(s.ConfirmedAt is null ? "false" : "true");
        csv.WriteField(s.Status switch { SubscriberStatus.Pending => "pending", SubscriberStatus.Active => "active", _ => "unsubscribed" });
        csv.WriteField(string.Join(';', s.Newsletters));
        csv.WriteField(string.Join(';', s.Tags));
        csv.WriteField(s.Source);
        csv.WriteField(s.CreatedAt);
        csv.WriteField(s.ConfirmedAt);
    }
}
