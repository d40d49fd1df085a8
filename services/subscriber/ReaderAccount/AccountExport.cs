using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Identity;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.ReaderAccount;

/// <summary>Everything that this service keeps about a reader, for them to take away.</summary>
internal sealed record AccountExport(
    Guid Id, string Publication, string Email, string? Name, DateTimeOffset CreatedAt, DateTimeOffset? ConfirmedAt, string Source, string? TimeZone,
    IReadOnlyList<string> Topics, IReadOnlyList<string> Tags, bool TrackingAllowed, IReadOnlyList<ExportedConsent> Consents, IReadOnlyList<ExportedSession> Sessions)
{
    public static async Task<AccountExport> OfAsync(Subscriber reader, CurrentPublication publication, SubscriberDb db, CancellationToken cancellation)
    {
        var names = publication.Snapshot.Newsletters.ToDictionary(n => n.Id, n => n.Slug);
        var sessions = await db.Sessions.Where(s => s.SubscriberId == reader.Id).OrderBy(s => s.CreatedAt)
            .Select(s => new ExportedSession(s.Device, s.CreatedAt, s.LastSeenAt)).ToListAsync(cancellation);
        return new(
            reader.Id, publication.Slug, reader.Email, reader.Name, reader.CreatedAt, reader.ConfirmedAt, reader.Source, reader.TimeZone,
            reader.Topics, reader.Tags, reader.TrackingAllowed,
            reader.Consents.OrderBy(c => c.GivenAt)
                .Select(c => new ExportedConsent(names.GetValueOrDefault(c.NewsletterId, c.NewsletterId.ToString()), c.GivenAt, c.Source, c.WithdrawnAt, c.WithdrawnBy)).ToList(),
            sessions);
    }
}

internal sealed record ExportedConsent(string Newsletter, DateTimeOffset GivenAt, string Source, DateTimeOffset? WithdrawnAt, string? WithdrawnBy);

internal sealed record ExportedSession(string Device, DateTimeOffset SignedInAt, DateTimeOffset LastSeenAt);
