using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Storage;

namespace Newsletter.Mailer.Storage;

public abstract class MailerDb(DbContextOptions options) : ServiceDb(options)
{
    public DbSet<Recipient> Recipients => Set<Recipient>();
    public DbSet<GrantCopy> Grants => Set<GrantCopy>();
    public DbSet<PostCopy> Posts => Set<PostCopy>();
    public DbSet<Edition> Editions => Set<Edition>();
    public DbSet<EditionCounters> EditionCounters => Set<EditionCounters>();
    public DbSet<Variant> Variants => Set<Variant>();
    public DbSet<Batch> Batches => Set<Batch>();
    public DbSet<BatchTally> BatchTallies => Set<BatchTally>();
    public DbSet<TallyMark> TallyMarks => Set<TallyMark>();
    public DbSet<EditionPulse> EditionPulses => Set<EditionPulse>();
    public DbSet<EditionDomains> EditionDomains => Set<EditionDomains>();
    public DbSet<FailureText> FailureTexts => Set<FailureText>();
    public DbSet<Delivery> Deliveries => Set<Delivery>();
    public DbSet<TransactionalMail> TransactionalMails => Set<TransactionalMail>();
    public DbSet<ProviderEvent> ProviderEvents => Set<ProviderEvent>();
    public DbSet<WebhookCall> WebhookCalls => Set<WebhookCall>();
    public DbSet<AddressStatus> AddressStatuses => Set<AddressStatus>();
    public DbSet<Link> Links => Set<Link>();
    public DbSet<LinkClick> LinkClicks => Set<LinkClick>();
    public DbSet<Sender> Senders => Set<Sender>();
    public DbSet<SenderDomain> SenderDomains => Set<SenderDomain>();
    public DbSet<MailAccount> MailAccounts => Set<MailAccount>();
    public DbSet<Allowance> Allowances => Set<Allowance>();
    public DbSet<WarmUp> WarmUps => Set<WarmUp>();
    public DbSet<SendingHold> SendingHolds => Set<SendingHold>();
    public DbSet<PublicationRate> PublicationRates => Set<PublicationRate>();
    public DbSet<Segment> Segments => Set<Segment>();
    public DbSet<SecretKey> SecretKeys => Set<SecretKey>();

    /// <summary>
    /// Letters of batches, and not of their edition: of one that began a moment ago PostgreSQL's statistics know nothing, so it would take it for a handful of rows, and walk through all of
    /// them by the primary key for each batch.
    /// </summary>
    internal IQueryable<Delivery> LettersOf(params IReadOnlyCollection<Guid> batches) =>
        batches.Count == 1 && batches.First() is var one ? Deliveries.Where(d => d.BatchId == one) : Deliveries.Where(d => batches.Contains(d.BatchId));

    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        Copies(model);
        Mailings(model);

        var mail = model.Entity<TransactionalMail>().ToTable("transactional_mails");
        mail.HasIndex(m => new { m.State, m.DueAt });
        mail.HasIndex(m => m.SubscriberId);
        mail.Property(m => m.Values).AsJson();

        model.Entity<ProviderEvent>().ToTable("provider_events").HasIndex(e => e.ReceivedAt);
        model.Entity<WebhookCall>().ToTable("webhook_calls").HasIndex(c => c.DueAt);
        var address = model.Entity<AddressStatus>().ToTable("address_statuses");
        address.HasKey(a => new { a.PublicationId, a.AddressHash });
        address.HasIndex(a => a.SubscriberId);
        address.Property(a => a.Version).IsConcurrencyToken();
        model.Entity<Link>().ToTable("links").HasIndex(l => new { l.EditionId, l.Address }).IsUnique();
        model.Entity<LinkClick>().ToTable("link_clicks").HasKey(c => new { c.LinkId, c.SubscriberId });
        Sending(model);
        Paces(model);
        var segment = model.Entity<Segment>().ToTable("segments");
        segment.HasIndex(s => new { s.PublicationId, s.Slug }).IsUnique();
        segment.Property(s => s.Rule).AsJson();
        model.Entity<SecretKey>().ToTable("secret_keys").HasKey(k => k.Purpose);
    }

    private static void Sending(ModelBuilder model)
    {
        model.Entity<Sender>().ToTable("senders").HasIndex(s => new { s.PublicationId, s.NewsletterId }).IsUnique();
        var domain = model.Entity<SenderDomain>().ToTable("sender_domains");
        domain.HasIndex(d => new { d.PublicationId, d.Domain }).IsUnique();
        domain.HasIndex(d => d.NextCheckAt);
        domain.Property(d => d.Version).IsConcurrencyToken();
        domain.Property(d => d.Selectors).AsJson();
        domain.Property(d => d.Records).AsJson();
        domain.Property(d => d.VerifiedFor).AsJson();
        var account = model.Entity<MailAccount>().ToTable("mail_accounts");
        account.HasIndex(a => new { a.PublicationId, a.Role }).IsUnique().HasFilter("retired_at IS NULL");
        account.Property(a => a.Version).IsConcurrencyToken();
        account.Property(a => a.Facts).AsJson();
    }

    private static void Paces(ModelBuilder model)
    {
        model.Entity<Allowance>().ToTable("allowances").Property(a => a.Id).ValueGeneratedNever();
        model.Entity<WarmUp>().ToTable("warm_ups").HasKey(w => w.AccountId);
        model.Entity<SendingHold>().ToTable("sending_holds").HasKey(h => new { h.AccountId, h.Domain });
        model.Entity<PublicationRate>().ToTable("publication_rates").HasKey(r => r.PublicationId);
    }

    private static void Copies(ModelBuilder model)
    {
        var recipient = model.Entity<Recipient>().ToTable("recipients");
        recipient.HasIndex(r => new { r.PublicationId, r.AddressHash });
        recipient.Property(r => r.Version).IsConcurrencyToken();
        recipient.Property(r => r.Topics).AsJson();
        recipient.Property(r => r.Tags).AsJson();
        recipient.OwnsMany(r => r.Consents, consent =>
        {
            consent.ToTable("recipient_consents");
            consent.WithOwner().HasForeignKey("SubscriberId");
            // Fan-out walks a newsletter's readers in the order of their ids.
            consent.HasKey("NewsletterId", "SubscriberId");
        });
        var grant = model.Entity<GrantCopy>().ToTable("grant_copies");
        grant.HasIndex(g => new { g.PublicationId, g.SubscriberId });
        grant.Property(g => g.Version).IsConcurrencyToken();
        var post = model.Entity<PostCopy>().ToTable("post_copies");
        post.HasIndex(p => new { p.PublicationId, p.FirstPublishedAt });
        post.HasIndex(p => new { p.PublicationId, p.Slug });
        post.Property(p => p.Version).IsConcurrencyToken();
    }

    private static void Mailings(ModelBuilder model)
    {
        var edition = model.Entity<Edition>().ToTable("editions");
        edition.HasIndex(e => new { e.NewsletterId, e.PostId }).IsUnique();
        edition.HasIndex(e => new { e.NewsletterId, e.SlotAt }).IsUnique();
        edition.HasIndex(e => new { e.PublicationId, e.Id });
        edition.HasIndex(e => e.State);
        edition.HasIndex(e => e.PostId);
        edition.Property(e => e.PostIds).AsJson();
        edition.ComplexProperty(e => e.Excused);
        edition.Property(e => e.Version).IsConcurrencyToken();
        model.Entity<EditionCounters>().ToTable("edition_counters").HasKey(c => c.EditionId);
        var variant = model.Entity<Variant>().ToTable("variants");
        variant.HasIndex(v => new { v.EditionId, v.Hash }).IsUnique();
        variant.Property(v => v.Blocks).AsJson();
        variant.Property(v => v.List).AsSharedJson();
        var batch = model.Entity<Batch>().ToTable("batches");
        batch.HasIndex(b => new { b.State, b.DueAt });
        batch.HasIndex(b => b.EditionId);
        var delivery = model.Entity<Delivery>().ToTable("deliveries");
        delivery.HasKey(d => new { d.EditionId, d.SubscriberId });
        delivery.HasIndex(d => d.BatchId);
        // One reader's letters over all editions, newest first.
        delivery.HasIndex(d => new { d.SubscriberId, d.EditionId });
        Figures(model);
    }

    private static void Figures(ModelBuilder model)
    {
        var tally = model.Entity<BatchTally>().ToTable("batch_tallies");
        tally.HasKey(t => t.BatchId);
        tally.Property(t => t.BatchId).ValueGeneratedNever();
        tally.HasIndex(t => t.EditionId);
        tally.Property(t => t.Reasons).AsJson();
        model.Entity<TallyMark>().ToTable("tally_marks").HasIndex(m => m.EditionId);
        var pulse = model.Entity<EditionPulse>().ToTable("edition_pulses");
        pulse.HasKey(p => new { p.EditionId, p.Quarter });
        pulse.HasIndex(p => new { p.PublicationId, p.Quarter });
        var domains = model.Entity<EditionDomains>().ToTable("edition_domains");
        domains.HasKey(d => d.EditionId);
        domains.Property(d => d.EditionId).ValueGeneratedNever();
        domains.Property(d => d.Domains).AsJson();
        model.Entity<FailureText>().ToTable("failure_texts").HasKey(f => new { f.EditionId, f.Reason });
    }
}
