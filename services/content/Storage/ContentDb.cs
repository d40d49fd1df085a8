using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Media;
using Newsletter.Content.Publications;
using Newsletter.Content.Readers;
using Newsletter.Content.Search;
using Newsletter.Contracts;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Storage;

namespace Newsletter.Content.Storage;

internal abstract class ContentDb(DbContextOptions options, PublicationCache cache) : ServiceDb(options)
{
    public DbSet<Publication> Publications => Set<Publication>();
    public DbSet<Post> Posts => Set<Post>();
    public DbSet<PostTopic> PostTopics => Set<PostTopic>();
    public DbSet<SearchDocument> SearchDocuments => Set<SearchDocument>();
    public DbSet<Medium> Media => Set<Medium>();
    public DbSet<Reader> Readers => Set<Reader>();
    public DbSet<Grant> Grants => Set<Grant>();
    public DbSet<MeterRead> MeterReads => Set<MeterRead>();

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

        var post = model.Entity<Post>().ToTable("posts");
        post.HasIndex(p => new { p.PublicationId, p.Slug }).IsUnique();
        post.HasIndex(p => new { p.PublicationId, p.State, p.PublishedAt, p.Id });
        post.HasIndex(p => new { p.PublicationId, p.State, p.UpdatedAt, p.Id });
        post.HasIndex(p => new { p.PublicationId, p.UpdatedAt, p.Id });
        post.HasIndex(p => new { p.State, p.ScheduledAt });
        post.Property(p => p.Version).IsConcurrencyToken();
        post.Property(p => p.Authors).AsJson();
        post.Property(p => p.Topics).AsJson();
        post.Property(p => p.Tiers).AsJson();
        post.Property(p => p.Entries).AsJson();
        post.Property(p => p.Rendering).AsJson();

        var topic = model.Entity<PostTopic>().ToTable("post_topics");
        topic.HasKey(t => new { t.PostId, t.Topic });
        topic.HasIndex(t => new { t.PublicationId, t.Topic, t.PublishedAt });

        var document = model.Entity<SearchDocument>().ToTable("search_documents");
        document.HasIndex(d => d.PostId);
        if (IsSqlite) document.HasIndex(d => d.PublicationId);
        else document.HasIndex(d => d.Text).HasMethod("GIN").IsTsVectorExpressionIndex("simple");

        var medium = model.Entity<Medium>().ToTable("media");
        medium.HasIndex(m => new { m.PublicationId, m.Hash }).IsUnique();
        medium.HasIndex(m => new { m.PublicationId, m.Id });

        model.Entity<Reader>().ToTable("readers");
        model.Entity<Grant>().ToTable("grants").HasIndex(g => g.SubscriberId);
        var read = model.Entity<MeterRead>().ToTable("meter_reads");
        read.HasKey(r => new { r.SubscriberId, r.Month, r.PostId });
    }
}

internal sealed class ContentPostgresDb(DbContextOptions<ContentPostgresDb> options, PublicationCache cache) : ContentDb(options, cache);

internal sealed class ContentSqliteDb(DbContextOptions<ContentSqliteDb> options, PublicationCache cache) : ContentDb(options, cache);

internal sealed class PostgresDesign() : DesignTimeDb<ContentPostgresDb>(options => new(options, new(TimeProvider.System)));

internal sealed class SqliteDesign() : DesignTimeDb<ContentSqliteDb>(options => new(options, new(TimeProvider.System)));
