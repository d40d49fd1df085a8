using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Publications;
using Newsletter.Contracts;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Storage;

namespace Newsletter.Content.Storage;

internal abstract class ContentDb(DbContextOptions options, PublicationCache cache) : ServiceDb(options)
{
    public DbSet<Publication> Publications => Set<Publication>();

    public override async Task<PublicationSnapshot?> FindPublicationAsync(string slug, CancellationToken cancellation) =>
        (await cache.FindAsync(this, slug, cancellation))?.Snapshot;

    public override async Task<PublicationSnapshot?> FindPublicationAsync(Guid id, CancellationToken cancellation) =>
        (await Publications.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancellation))?.Snapshot();

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        // Others keep copies of publications; here they are at home.
        model.Ignore<PublicationCopy>();

        var publication = model.Entity<Publication>().ToTable("publications");
        publication.HasIndex(p => p.Slug).IsUnique();
        publication.HasIndex(p => p.Domain).IsUnique();
        publication.Property(p => p.Version).IsConcurrencyToken();
        publication.Property(p => p.Gate).AsJson();
        publication.Property(p => p.Newsletters).AsJson();
        publication.Property(p => p.Topics).AsJson();
    }
}

internal sealed class ContentPostgresDb(DbContextOptions<ContentPostgresDb> options, PublicationCache cache) : ContentDb(options, cache);

internal sealed class ContentSqliteDb(DbContextOptions<ContentSqliteDb> options, PublicationCache cache) : ContentDb(options, cache);

internal sealed class PostgresDesign() : DesignTimeDb<ContentPostgresDb>(options => new(options, new(TimeProvider.System)));

internal sealed class SqliteDesign() : DesignTimeDb<ContentSqliteDb>(options => new(options, new(TimeProvider.System)));
