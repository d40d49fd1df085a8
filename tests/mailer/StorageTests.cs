using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

public sealed class StorageTests
{
    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Sqlite)]
    public async Task Migrations_make_what_the_model_says(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using MailerDb db = kind == DatabaseKind.Sqlite
            ? new MailerSqliteDb(Options<MailerSqliteDb>(o => o.UseSqlite(database.ConnectionString)))
            : new MailerPostgresDb(Options<MailerPostgresDb>(o => o.UseNpgsql(database.ConnectionString)));

        await db.Database.MigrateAsync(TestContext.Current.CancellationToken);

        Assert.False(db.Database.HasPendingModelChanges());
        Assert.Empty(await db.Deliveries.ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_ledger_gets_its_months_ahead_of_time_and_once()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var database = await TestDatabase.CreateAsync();
        await using var db = new MailerPostgresDb(Options<MailerPostgresDb>(o => o.UseNpgsql(database.ConnectionString)));
        await db.Database.MigrateAsync(cancellation);

        var now = new DateTimeOffset(2026, 11, 30, 23, 59, 59, TimeSpan.Zero);
        await LedgerPartitions.EnsureAsync(db, now, cancellation);
        await LedgerPartitions.EnsureAsync(db, now, cancellation);

        var months = await db.Database.SqlQueryRaw<string>(
            "SELECT inhrelid::regclass::text AS \"Value\" FROM pg_inherits WHERE inhparent = 'deliveries'::regclass ORDER BY 1").ToListAsync(cancellation);
        Assert.Equal(["deliveries_202611", "deliveries_202612", "deliveries_202701", "deliveries_default"], months);
    }

    private static DbContextOptions<T> Options<T>(Action<DbContextOptionsBuilder<T>> use) where T : DbContext
    {
        var options = new DbContextOptionsBuilder<T>();
        use(options);
        options.UseSnakeCaseNamingConvention();
        return options.Options;
    }
}
