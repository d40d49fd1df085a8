using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Keys;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Sessions;
using Newsletter.Subscriber.Staff;
using Newsletter.Subscriber.Tokens;

namespace Newsletter.Subscriber.Storage;

internal abstract class SubscriberDb(DbContextOptions options) : ServiceDb(options)
{
    public DbSet<StaffAccount> StaffAccounts => Set<StaffAccount>();
    public DbSet<Membership> Memberships => Set<Membership>();
    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();
    public DbSet<Session> Sessions => Set<Session>();
    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();
    public DbSet<LinkKey> LinkKeys => Set<LinkKey>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
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
        model.Entity<Session>(session =>
        {
            session.ToTable("sessions").HasIndex(s => s.Hash).IsUnique();
            session.HasIndex(s => s.SubscriberId);
            session.HasIndex(s => s.ExpiresAt);
        });
        model.Entity<SigningKey>().ToTable("signing_keys").HasKey(k => k.Generation);
        model.Entity<SigningKey>().Property(k => k.Generation).ValueGeneratedNever();
        model.Entity<LinkKey>(key =>
        {
            key.ToTable("link_keys").HasKey(k => new { k.Purpose, k.Generation });
            key.Property(k => k.Purpose).HasConversion<string>();
            key.Property(k => k.Generation).ValueGeneratedNever();
        });
    }
}

internal sealed class SubscriberPostgresDb(DbContextOptions<SubscriberPostgresDb> options) : SubscriberDb(options);

internal sealed class SubscriberSqliteDb(DbContextOptions<SubscriberSqliteDb> options) : SubscriberDb(options);

internal sealed class SubscriberPostgresDesign() : DesignTimeDb<SubscriberPostgresDb>(options => new(options));

internal sealed class SubscriberSqliteDesign() : DesignTimeDb<SubscriberSqliteDb>(options => new(options));
