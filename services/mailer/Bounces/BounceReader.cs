using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Bounces;

/// <summary>
/// Turns a mail that came in into events of the letters that it is about. Anybody can write to the address that bounces go to, so a letter is named by
/// a Message-ID that only we can make, and must stand in the ledger. What finds no letter is counted and dropped.
/// </summary>
internal sealed class BounceReader(MailerDb db, SecretKeys keys)
{
    private const int MaxReason = 20;

    public async Task<List<MailEvent>> ReadAsync(WebhookCall call, CancellationToken cancellation)
    {
        var mail = await ReportReader.ReadAsync(Convert.FromBase64String(call.Body), cancellation);
        var ids = new LetterIds(await keys.GetAsync(SecretKeys.MessageIds, cancellation));
        List<MailEvent> events = [];
        foreach (var report in mail.Reports)
        {
            if (await FindAsync(report, ids, call.ReceivedAt, cancellation) is { } found) events.Add(found);
        }
        BounceMetrics.Came(mail.Form, events.Count > 0);
        return events;
    }

    private async Task<MailEvent?> FindAsync(Report report, LetterIds ids, DateTimeOffset at, CancellationToken cancellation)
    {
        foreach (var id in report.MessageIds.Select(ids.Read).OfType<LetterId>())
        {
            var told = new MailEvent(EventIdOf(id, report), report.Kind, report.Address, at)
            {
                IsHearsay = true,
                IsOfAll = report.IsOfAll,
                Reason = Subject.Of(report.Status, MaxReason),
                Said = report.Kind is EventKind.Bounce or EventKind.SoftBounce or EventKind.Blocked ? FailureTexts.Plain(report.Text) : "",
            };
            if (id.Mail is { } mail) return told with { Mail = mail };
            var letter = await db.Deliveries.AsNoTracking().Where(d => d.EditionId == id.Edition && d.SubscriberId == id.Subscriber)
                .Select(d => new { d.PublicationId, d.BatchId }).SingleOrDefaultAsync(cancellation);
            if (letter is not null) return told with { Publication = letter.PublicationId, Edition = id.Edition, Subscriber = id.Subscriber, Batch = letter.BatchId };
        }
        return null;
    }

    /// <summary>A letter bounces once: servers tell it again, to two addresses, or the same mail is read twice.</summary>
    private static string EventIdOf(LetterId id, Report report) => $"smtp:{id.Id:N}:{id.Edition:N}:{report.Kind}{(report.IsOfAll ? ":all" : "")}";
}
