using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Editions;

/// <summary>Whether there is anything to tell of an edition's single letters.</summary>
internal static class KeptLedger
{
    /// <summary>404 for no edition of the publication, 410 for one whose ledger is no longer kept.</summary>
    public static async Task<ProblemHttpResult?> RefusalAsync(MailerDb db, CurrentPublication publication, Guid edition, CancellationToken cancellation)
    {
        var found = await db.Editions.Where(e => e.Id == edition && e.PublicationId == publication.Id).Select(e => new { e.LedgerPrunedAt }).SingleOrDefaultAsync(cancellation);
        if (found is null) return Problem.NotFound("There is no such edition.");
        return found.LedgerPrunedAt is null ? null : Problem.Gone("Who got this edition is no longer kept. Its totals are.");
    }
}
