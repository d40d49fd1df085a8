using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Pages;

namespace Newsletter.Billing.Pages;

/// <summary>What the shell around each of our pages shows.</summary>
public sealed record SitePage(SiteInfo Site, Viewer Viewer);

internal sealed class SitePages(BillingDb db, TimeProvider time)
{
    public async Task<SitePage> OfAsync(CurrentPublication publication, Caller? reader, CancellationToken cancellation)
    {
        var p = publication.Snapshot;
        var site = new SiteInfo(p.Name, p.Tagline, p.BaseUrl, p.Language, p.AccentColour, p.PostalAddress, HasPlans: true);
        if (reader is null) return new(site, Viewer.Anonymous);
        var now = time.GetUtcNow();
        var name = await db.Readers.Where(r => r.Id == reader.Subject && r.PublicationId == p.Id).Select(r => r.Name).SingleOrDefaultAsync(cancellation);
        var member = await db.Grants.AnyAsync(g => g.PublicationId == p.Id && g.SubscriberId == reader.Subject && !g.Deleted && g.Until > now, cancellation);
        return new(site, new(SignedIn: true, name, member));
    }
}
