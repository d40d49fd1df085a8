using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Senders;

/// <summary>Looks once a day at each from-domain, and at once at those that are new.</summary>
internal sealed partial class DomainWorker(IServiceScopeFactory scopes, DomainCheck check, PublicationMails mails, TimeProvider time, ILogger<DomainWorker> log)
    : Worker(TimeSpan.FromSeconds(30), log)
{
    private const int AtOnce = 20;
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(5);
    private static readonly Gauge<long> Domains = NewsletterTelemetry.Meter.CreateGauge<long>(
        "newsletter.sender.domains", "{domain}", "From-domains by what DNS says of them: verified, failing or unverified");

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var now = time.GetUtcNow();
        var due = await db.SenderDomains.AsNoTracking().Where(d => d.NextCheckAt <= now).OrderBy(d => d.NextCheckAt).Select(d => d.Id).Take(AtOnce).ToListAsync(stopping);
        foreach (var id in due)
        {
            db.ChangeTracker.Clear();
            var claimed = await db.SenderDomains.Where(d => d.Id == id && d.NextCheckAt <= now).ExecuteUpdateAsync(s => s.SetProperty(d => d.NextCheckAt, now + Claim), stopping);
            if (claimed == 1) await LookAsync(db, id, stopping);
        }
        await CountAsync(db, stopping);
        return due.Count == AtOnce;
    }

    private async Task LookAsync(MailerDb db, Guid id, CancellationToken stopping)
    {
        if (await db.SenderDomains.SingleOrDefaultAsync(d => d.Id == id, stopping) is not { } domain) return;
        var before = domain.VerifiedFor;
        await check.CheckAsync(domain, (await mails.OfAsync(domain.PublicationId, stopping)).Route, stopping);
        if (before.Except(domain.VerifiedFor).Any()) Lost(domain.Id);
        try
        {
            await db.SaveChangesAsync(stopping);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Staff changed it or had it checked meanwhile: what they were shown stands.
        }
        mails.Forget(domain.PublicationId);
    }

    private static async Task CountAsync(MailerDb db, CancellationToken stopping)
    {
        var states = await db.SenderDomains.AsNoTracking().Select(d => new { d.VerifiedFor, IsFailing = d.FailingSince != null }).ToListAsync(stopping);
        var failing = states.Count(s => s.IsFailing);
        var verified = states.Count(s => !s.IsFailing && s.VerifiedFor.Count > 0);
        foreach (var (state, count) in ((string, int)[])[("verified", verified), ("failing", failing), ("unverified", states.Count - failing - verified)])
            Domains.Record(count, new KeyValuePair<string, object?>("state", state));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Letters no longer leave under sender domain {Domain}: its DNS records are gone or wrong")]
    private partial void Lost(Guid domain);
}
