using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Webhooks;

/// <summary>Whose events a webhook's last segment names. A publication's account may tell of that publication's letters alone; the installation's, of all.</summary>
internal sealed class WebhookAccounts(MailerDb db)
{
    public static string SegmentOf(Guid account) => account.ToString("N");

    /// <summary>Of a publication, also one that was retired: its last letters are still on their way.</summary>
    public async Task<MailAccount?> FindAsync(string segment, string provider, CancellationToken cancellation) =>
        Guid.TryParseExact(segment, "N", out var id) ? await db.MailAccounts.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id && a.Provider == provider, cancellation) : null;

    /// <summary>Null: every publication.</summary>
    public async Task<Guid?> ScopeOfAsync(WebhookCall call, CancellationToken cancellation) =>
        Guid.TryParseExact(call.Account, "N", out _) ? (await FindAsync(call.Account, call.Provider, cancellation))?.PublicationId ?? Guid.Empty : null;
}
