using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Gates;
using Newsletter.Content.Storage;
using Newsletter.Defaults.Identity;

namespace Newsletter.Content.Readers;

/// <summary>The facts of a signed-in reader, in one indexed query; of staff and strangers, in none.</summary>
internal static class ReaderLookup
{
    // A compiled query belongs to one model, and the two databases have one each.
    private static readonly Func<ContentDb, Guid, Guid, DateTimeOffset, IAsyncEnumerable<Row>> OnPostgres = Compile();
    private static readonly Func<ContentDb, Guid, Guid, DateTimeOffset, IAsyncEnumerable<Row>> OnSqlite = Compile();

    /// <summary>Without the meter, which <see cref="Meter"/> adds where there is one.</summary>
    public static async ValueTask<ReaderFacts> FindAsync(ContentDb db, Caller? caller, Guid publication, DateTimeOffset now, CancellationToken cancellation)
    {
        if (caller is null) return ReaderFacts.Anonymous;
        if (caller.IsStaff) return new(IsKnown: true, IsStaff: caller.May(Permission.PostsRead));
        var isConfirmed = false;
        List<string>? tiers = null;
        await foreach (var row in (db.IsSqlite ? OnSqlite : OnPostgres)(db, publication, caller.Subject, now).WithCancellation(cancellation))
        {
            isConfirmed = row.ConfirmedAt is not null;
            if (row.Tier is not null) (tiers ??= []).Add(row.Tier);
        }
        return new(IsKnown: true, IsConfirmed: isConfirmed, Tiers: tiers);
    }

    private static Func<ContentDb, Guid, Guid, DateTimeOffset, IAsyncEnumerable<Row>> Compile() => EF.CompileAsyncQuery(
        (ContentDb db, Guid publication, Guid subscriber, DateTimeOffset now) =>
            from reader in db.Readers.AsNoTracking()
            where reader.Id == subscriber && reader.PublicationId == publication && !reader.Deleted
            join valid in db.Grants.Where(g => g.PublicationId == publication && g.From <= now && g.Until > now) on reader.Id equals valid.SubscriberId into grants
            from grant in grants.DefaultIfEmpty()
            select new Row(reader.ConfirmedAt, grant == null ? null : grant.Tier));

    internal sealed record Row(DateTimeOffset? ConfirmedAt, string? Tier);
}
