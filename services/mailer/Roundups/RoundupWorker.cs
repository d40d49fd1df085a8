using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Copies;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Roundups;

/// <summary>Makes each roundup's edition when its slot has come; in any number of processes, once.</summary>
internal sealed class RoundupWorker(IServiceScopeFactory scopes, EditionWorker editions, SharedClock clock, ILogger<RoundupWorker> log)
    : Worker(TimeSpan.FromSeconds(10), log)
{
    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var maker = scope.ServiceProvider.GetRequiredService<RoundupMaker>();
        var now = await clock.NowAsync(stopping);
        foreach (var copy in await db.Set<PublicationCopy>().AsNoTracking().Where(p => !p.Deleted).ToListAsync(stopping))
        {
            var publication = copy.Snapshot;
            if (publication.Suspended) continue;
            foreach (var newsletter in publication.Newsletters.Where(n => n is { Kind: NewsletterKind.Roundup, Schedule: not null }))
            {
                if (Slots.Due(newsletter.Schedule!, publication.TimeZone, now) is not { } slot) continue;
                if (!(await maker.MakeAsync(publication, newsletter, slot, evenEmpty: true, stopping)).IsNew) continue;
                SlotWatch.Made(SlotWatch.HowOf(Slots.CutOff(newsletter.Schedule!, slot, publication.TimeZone), now));
                editions.Wake();
            }
        }
        return false;
    }
}
