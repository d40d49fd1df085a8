using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Audit;
using Newsletter.Subscriber.Erasure;
using Newsletter.Subscriber.Keys;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.ReaderAccount;
using Newsletter.Subscriber.Sessions;
using Newsletter.Subscriber.SignIn;
using Newsletter.Subscriber.SignUp;
using Newsletter.Subscriber.Staff;
using Newsletter.Subscriber.Subscribers;
using Newsletter.Subscriber.Tokens;
using Newsletter.Subscriber.Topics;

namespace Newsletter.Subscriber.Storage;

internal abstract class SubscriberDb(DbContextOptions options) : ServiceDb(options)
{
    public DbSet<Subscriber> Subscribers => Set<Subscriber>();
    public DbSet<Consent> Consents => Set<Consent>();
    public DbSet<Label> Labels => Set<Label>();
    public DbSet<Challenge> Challenges => Set<Challenge>();
    public DbSet<HandledCommand> HandledCommands => Set<HandledCommand>();
    public DbSet<AddressLimit> AddressLimits => Set<AddressLimit>();
    public DbSet<ErasureEntry> Erasures => Set<ErasureEntry>();
    public DbSet<StaffAccount> StaffAccounts => Set<StaffAccount>();
    public DbSet<Membership> Memberships => Set<Membership>();
    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();
    public DbSet<Session> Sessions => Set<Session>();
    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();
    public DbSet<LinkKey> LinkKeys => Set<LinkKey>();
    public DbSet<PostTopic> PostTopics => Set<PostTopic>();
    public DbSet<GrantCopy> Grants => Set<GrantCopy>();
    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();
    public DbSet<AuditHorizon> AuditHorizons => Set<AuditHorizon>();

    /// <summary>Stamps the subscriber and tells of it with the same SaveChanges.</summary>
    public void PublishChange(Subscriber subscriber, LinkSigner links, TimeProvider time)
    {
        subscriber.Stamp(time);
        Publish(new SubscribersChanged(subscriber.PublicationId, [subscriber.ToSnapshot(links.Unsubscribe(subscriber.Id))]));
    }

    public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        this.KeepLabels();
        return base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        People(model);
        Staff(model);
        model.Entity<SigningKey>().ToTable("signing_keys").HasKey(k => k.Generation);
        model.Entity<SigningKey>().Property(k => k.Generation).ValueGeneratedNever();
        model.Entity<LinkKey>(key =>
        {
            key.ToTable("link_keys").HasKey(k => new { k.Purpose, k.Generation });
            key.Property(k => k.Purpose).HasConversion<string>();
            key.Property(k => k.Generation).ValueGeneratedNever();
        });
        model.Entity<PostCopy>(post =>
        {
            post.ToTable("post_copies").HasMany(p => p.Topics).WithOne().HasForeignKey(t => t.PostId);
            post.Navigation(p => p.Topics).AutoInclude();
        });
        model.Entity<PostTopic>().ToTable("post_topics").HasKey(t => new { t.PostId, t.Topic });
        model.Entity<PostTopic>().HasIndex(t => new { t.PublicationId, t.Topic });
        model.Entity<GrantCopy>().ToTable("grant_copies").HasIndex(g => g.SubscriberId);
    }

    private static void People(ModelBuilder model)
    {
        model.Entity<Subscriber>(subscriber =>
        {
            subscriber.ToTable("subscribers").HasIndex(s => new { s.PublicationId, s.NormalisedEmail }).IsUnique();
            subscriber.HasIndex(s => new { s.PublicationId, s.Id });
            // Everybody is in exactly one of the three: a status is listed and counted without looking at the others.
            subscriber.HasIndex(s => new { s.PublicationId, s.Id }, "pending").HasFilter("confirmed_at IS NULL").HasDatabaseName("ix_subscribers_pending");
            subscriber.HasIndex(s => new { s.PublicationId, s.Id }, "active").HasFilter("confirmed_at IS NOT NULL AND left_at IS NULL").HasDatabaseName("ix_subscribers_active");
            subscriber.HasIndex(s => new { s.PublicationId, s.Id }, "unsubscribed").HasFilter("left_at IS NOT NULL").HasDatabaseName("ix_subscribers_unsubscribed");
            subscriber.HasIndex(s => new { s.PublicationId, s.ConfirmedAt }).HasFilter("confirmed_at IS NOT NULL");
            subscriber.HasIndex(s => new { s.PublicationId, s.LeftAt }).HasFilter("left_at IS NOT NULL");
            subscriber.Property(s => s.Version).IsConcurrencyToken();
            subscriber.Property(s => s.Topics).AsJson();
            subscriber.Property(s => s.Tags).AsJson();
            subscriber.Property(s => s.Wanted).AsJson();
            subscriber.HasMany(s => s.Consents).WithOne().HasForeignKey(c => c.SubscriberId);
            subscriber.Navigation(s => s.Consents).AutoInclude();
        });
        model.Entity<Consent>(consent =>
        {
            consent.ToTable("consents").Property(c => c.Id).ValueGeneratedNever();
            consent.HasIndex(c => new { c.SubscriberId, c.NewsletterId }).IsUnique().HasFilter("withdrawn_at IS NULL");
            // The unique one holds only what stands; a reader is loaded with all.
            consent.HasIndex(c => c.SubscriberId);
            consent.HasIndex(c => new { c.NewsletterId, c.SubscriberId }).HasFilter("withdrawn_at IS NULL");
        });
        model.Entity<Label>(label =>
        {
            label.ToTable("subscriber_labels").HasKey(l => new { l.PublicationId, l.Kind, l.Word, l.SubscriberId });
            label.HasOne<Subscriber>().WithMany().HasForeignKey(l => l.SubscriberId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<Challenge>(challenge =>
        {
            challenge.ToTable("challenges").HasIndex(c => c.TokenHash).IsUnique();
            challenge.HasIndex(c => c.AddressKey);
            challenge.HasIndex(c => c.SubjectId);
            challenge.HasIndex(c => c.ExpiresAt);
            challenge.Property(c => c.Kind).HasConversion<string>();
        });
        model.Entity<HandledCommand>().ToTable("handled_commands");
        model.Entity<AddressLimit>().ToTable("address_limits").HasKey(l => l.Key);
        model.Entity<ErasureEntry>(entry =>
        {
            entry.ToTable("erasures").HasIndex(e => e.SubscriberId);
            entry.HasIndex(e => new { e.PublicationId, e.RequestedAt });
            entry.Property(e => e.Answered).AsJson().IsConcurrencyToken();
        });
        model.Entity<Session>(session =>
        {
            session.ToTable("sessions").HasIndex(s => s.Hash).IsUnique();
            session.HasIndex(s => s.SubscriberId);
            session.HasIndex(s => s.ExpiresAt);
        });
    }

    private static void Staff(ModelBuilder model)
    {
        model.Entity<StaffAccount>().ToTable("staff_accounts").HasIndex(a => a.NormalisedEmail).IsUnique();
        model.Entity<Membership>(membership =>
        {
            membership.ToTable("memberships").HasKey(m => new { m.PublicationId, m.AccountId });
            membership.HasOne(m => m.Account).WithMany().HasForeignKey(m => m.AccountId);
            membership.Property(m => m.Role).HasConversion<string>();
        });
        model.Entity<ApiKey>(key =>
        {
            key.ToTable("api_keys").HasIndex(k => k.Hash).IsUnique();
            key.HasIndex(k => k.PublicationId);
            key.Property(k => k.Role).HasConversion<string>();
            key.Property(k => k.Scopes).AsJson();
        });
        model.Entity<AuditEntry>(entry =>
        {
            // Triggers that the migration makes refuse updates, and deletions but by the pruning.
            entry.ToTable("audit_entries").HasIndex(e => new { e.PublicationId, e.Id });
            entry.Property(e => e.Id).ValueGeneratedNever();
            entry.Property(e => e.Changes).AsJson();
        });
        model.Entity<AuditHorizon>().ToTable("audit_horizon").HasData(new AuditHorizon { Id = 1, Before = DateTimeOffset.UnixEpoch });
    }
}

internal sealed class SubscriberPostgresDb(DbContextOptions<SubscriberPostgresDb> options) : SubscriberDb(options);

internal sealed class SubscriberSqliteDb(DbContextOptions<SubscriberSqliteDb> options) : SubscriberDb(options);

internal sealed class SubscriberPostgresDesign() : DesignTimeDb<SubscriberPostgresDb>(options => new(options));

internal sealed class SubscriberSqliteDesign() : DesignTimeDb<SubscriberSqliteDb>(options => new(options));
