using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Gates;
using Newsletter.Content.Storage;
using Newsletter.Defaults.Identity;

namespace Newsletter.Content.Readers;

/// <summary>The facts of a signed-in reader, in one indexed query; of staff and strangers, in none.</summary>
internal static class ReaderLookup
{
    private static readonly Func<ContentDb, Guid, Guid, DateTimeOffset, IAsyncEnumerable<Row>> Query = EF.CompileAsyncQuery(
        (ContentDb db, Guid publication, Guid subscriber, DateTimeOffset now) =>
            from reader in db.Readers.AsNoTracking()
            where reader.Id == subscriber && reader.PublicationId == publication && !reader.Deleted
            from grant in db.Grants.Where(g => g.SubscriberId == reader.Id && g.PublicationId == publication && g.From <= now && g.Until > now).DefaultIfEmpty()
            select new Row(reader.ConfirmedAt, grant == null ? null : grant.Tier));

    /// <summary>Without the meter, which <see cref="Meter"/> adds where there is one.</summary>
    public static async ValueTask<ReaderFacts> FindAsync(ContentDb db, Caller? caller, Guid publication, DateTimeOffset now, CancellationToken cancellation)
    {
        if (caller is null) return ReaderFacts.Anonymous;
        if (caller.IsStaff) return new(IsKnown: true, IsStaff: caller.May(Permission.PostsRead));
        var isConfirmed = false;
        List<string>? tiers = null;
        await foreach (var row in Query(db, publication, caller.Subject, now).WithCancellation(cancellation))
        {
            isConfirmed = row.ConfirmedAt is not null;
            if (row.Tier is not null) (tiers ??= []).Add(row.Tier);
        }
        return new(IsKnown: true, IsConfirmed: isConfirmed, Tiers: tiers);
    }

    internal sealed record Row(DateTimeOffset? ConfirmedAt, string? Tier);
}
