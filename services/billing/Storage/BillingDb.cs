using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Accounts;
using Newsletter.Billing.Checkouts;
using Newsletter.Billing.Gifts;
using Newsletter.Billing.Grants;
using Newsletter.Billing.Ledger;
using Newsletter.Billing.Readers;
using Newsletter.Billing.Subscriptions;
using Newsletter.Billing.Tiers;
using Newsletter.Billing.Webhooks;
using Newsletter.Defaults.Storage;

namespace Newsletter.Billing.Storage;

internal abstract class BillingDb(DbContextOptions options) : ServiceDb(options)
{
    public DbSet<PaymentAccount> PaymentAccounts => Set<PaymentAccount>();
    public DbSet<Tier> Tiers => Set<Tier>();
    public DbSet<TierProduct> TierProducts => Set<TierProduct>();
    public DbSet<TierPrice> TierPrices => Set<TierPrice>();
    public DbSet<Checkout> Checkouts => Set<Checkout>();
    public DbSet<Customer> Customers => Set<Customer>();
    public DbSet<Subscription> Subscriptions => Set<Subscription>();
    public DbSet<Grant> Grants => Set<Grant>();
    public DbSet<Gift> Gifts => Set<Gift>();
    public DbSet<Invoice> Invoices => Set<Invoice>();
    public DbSet<MoneyLine> MoneyLines => Set<MoneyLine>();
    public DbSet<StripeObject> StripeObjects => Set<StripeObject>();
    public DbSet<WebhookEvent> WebhookEvents => Set<WebhookEvent>();
    public DbSet<ReaderCopy> Readers => Set<ReaderCopy>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        model.Entity<PaymentAccount>(account =>
        {
            account.HasIndex(a => a.PublicationId);
            account.HasData(PaymentAccount.OfInstallation(PaymentMode.Test), PaymentAccount.OfInstallation(PaymentMode.Live));
        });
        model.Entity<Tier>(tier =>
        {
            tier.HasIndex(t => new { t.PublicationId, t.Slug }).IsUnique();
            tier.Property(t => t.Benefits).AsJson();
            tier.Property(t => t.Version).IsConcurrencyToken();
        });
        model.Entity<TierProduct>(product =>
        {
            product.HasKey(p => new { p.AccountId, p.TierId });
            product.HasIndex(p => new { p.AccountId, p.ProductId }).IsUnique();
        });
        model.Entity<TierPrice>(price =>
        {
            price.HasKey(p => new { p.AccountId, p.PriceId });
            price.HasIndex(p => p.TierId);
        });
        model.Entity<Checkout>(checkout =>
        {
            checkout.HasIndex(c => new { c.AccountId, c.SessionId }).IsUnique();
            checkout.HasIndex(c => new { c.PublicationId, c.SessionId });
        });
        model.Entity<Customer>(customer =>
        {
            customer.HasIndex(c => new { c.AccountId, c.StripeId }).IsUnique();
            customer.HasIndex(c => new { c.PublicationId, c.SubscriberId });
            customer.HasIndex(c => new { c.PublicationId, c.NormalisedEmail });
            customer.Property(c => c.Version).IsConcurrencyToken();
        });
        model.Entity<Subscription>(subscription =>
        {
            subscription.HasIndex(s => new { s.AccountId, s.StripeId }).IsUnique();
            subscription.HasIndex(s => s.CustomerId);
            subscription.HasIndex(s => new { s.PublicationId, s.Id });
            subscription.Property(s => s.Version).IsConcurrencyToken();
        });
        model.Entity<Grant>(grant =>
        {
            grant.HasIndex(g => g.SubscriptionId).IsUnique();
            grant.HasIndex(g => new { g.PublicationId, g.SubscriberId });
            grant.HasIndex(g => new { g.PublicationId, g.Id });
            grant.HasIndex(g => new { g.PublicationId, g.From });
            grant.HasIndex(g => new { g.PublicationId, g.Until });
            grant.HasIndex(g => new { g.PublicationId, g.RemovedAt });
            grant.Property(g => g.Version).IsConcurrencyToken();
        });
        model.Entity<Gift>(gift =>
        {
            gift.HasIndex(g => g.TokenHash).IsUnique();
            gift.Property(g => g.Version).IsConcurrencyToken();
        });
        model.Entity<Invoice>(invoice =>
        {
            invoice.HasIndex(i => new { i.AccountId, i.StripeId }).IsUnique();
            invoice.HasIndex(i => i.CustomerId);
        });
        model.Entity<MoneyLine>(line =>
        {
            line.HasIndex(l => new { l.AccountId, l.ObjectId, l.Line }).IsUnique();
            line.HasIndex(l => new { l.PublicationId, l.Id });
            line.HasIndex(l => new { l.CustomerId, l.Id });
        });
        model.Entity<StripeObject>(o =>
        {
            o.HasKey(x => new { x.AccountId, x.StripeId });
            o.HasIndex(x => x.DueAt);
        });
        model.Entity<WebhookEvent>(e =>
        {
            e.HasKey(x => new { x.AccountId, x.EventId });
            e.HasIndex(x => x.ReceivedAt);
        });
        model.Entity<ReaderCopy>(reader =>
        {
            reader.ToTable("reader_copies").HasIndex(r => new { r.PublicationId, r.NormalisedEmail });
            reader.Property(r => r.Version).IsConcurrencyToken();
        });
    }
}

internal sealed class BillingPostgresDb(DbContextOptions<BillingPostgresDb> options) : BillingDb(options);

internal sealed class BillingSqliteDb(DbContextOptions<BillingSqliteDb> options) : BillingDb(options);

internal sealed class BillingPostgresDesign() : DesignTimeDb<BillingPostgresDb>(options => new(options));

internal sealed class BillingSqliteDesign() : DesignTimeDb<BillingSqliteDb>(options => new(options));
