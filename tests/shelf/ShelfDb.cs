using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Storage;

namespace Newsletter.Tests.Shelf;

/// <summary>The smallest service: it owns notes, and keeps copies of publications and grants.</summary>
public abstract class ShelfDb(DbContextOptions options) : ServiceDb(options)
{
    public DbSet<Note> Notes => Set<Note>();
    public DbSet<GrantCopy> Grants => Set<GrantCopy>();
}

public sealed class ShelfPostgresDb(DbContextOptions<ShelfPostgresDb> options) : ShelfDb(options);

public sealed class ShelfSqliteDb(DbContextOptions<ShelfSqliteDb> options) : ShelfDb(options);

public sealed class Note
{
    public Guid Id { get; set; }
    public string Text { get; set; } = "";
}

public sealed class GrantCopy : Copy<GrantSnapshot>
{
    public string Tier { get; private set; } = "";
    /// <summary>How often the row was written; a repeat must not write.</summary>
    public int Writes { get; private set; }

    protected override void Fill(GrantSnapshot snapshot)
    {
        Tier = snapshot.Tier;
        Writes++;
    }

    protected override void Clear() => Tier = "";
}
