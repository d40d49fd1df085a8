using Microsoft.AspNetCore.DataProtection.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Newsletter.Contracts;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Outbox;

namespace Newsletter.Defaults.Storage;

/// <summary>
/// A service's database: what it owns, its copies of other services' events, and its outbox. A service derives one context,
/// and from that one for each of PostgreSQL and SQLite, which carry the migrations.
/// </summary>
public abstract class ServiceDb(DbContextOptions options) : DbContext(options), IDataProtectionKeyContext
{
    private bool _published;

    /// <summary>The call of staff that this context serves, if it is one.</summary>
    internal StaffCall? StaffCall { get; set; }

    public DbSet<OutboxMessage> Outbox => Set<OutboxMessage>();
    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();
    internal DbSet<IdempotentCall> IdempotentCalls => Set<IdempotentCall>();
    internal DbSet<ResyncPart> ResyncParts => Set<ResyncPart>();
    internal DbSet<ResyncRequest> ResyncRequests => Set<ResyncRequest>();

    public bool IsSqlite => Database.IsSqlite();

    /// <summary>Saved with the change it tells of, by the same SaveChanges; relayed to the bus afterwards.</summary>
    /// <param name="after">How long it waits before it is relayed.</param>
    public void Publish<T>(T message, TimeSpan after = default) where T : class
    {
        Outbox.Add(OutboxMessage.Of(message, after));
        _published = true;
    }

    /// <summary>True once after something was published: the relay need not look after every other change.</summary>
    internal bool TakePublished()
    {
        var published = _published;
        _published = false;
        return published;
    }

    /// <summary>The publication that a route names; from this service's copy unless it owns them.</summary>
    public virtual async Task<PublicationSnapshot?> FindPublicationAsync(string slug, CancellationToken cancellation)
    {
        var copy = await Set<PublicationCopy>().AsNoTracking()
            .SingleOrDefaultAsync(p => p.Slug == slug && !p.Deleted, cancellation);
        return copy?.Snapshot;
    }

    /// <summary>The publication with this id, for work that no route names.</summary>
    public virtual async Task<PublicationSnapshot?> FindPublicationAsync(Guid id, CancellationToken cancellation)
    {
        var copy = await Set<PublicationCopy>().AsNoTracking()
            .SingleOrDefaultAsync(p => p.Id == id && !p.Deleted, cancellation);
        return copy?.Snapshot;
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<OutboxMessage>().ToTable("outbox").HasIndex(m => m.DueAt);
        model.Entity<DataProtectionKey>().ToTable("data_protection_keys");
        var call = model.Entity<IdempotentCall>().ToTable("idempotent_calls");
        call.HasKey(c => new { c.Scope, c.Key });
        call.HasIndex(c => c.StartedAt);
        model.Entity<ResyncPart>().ToTable("resync_parts").HasKey(p => new { p.ResyncId, p.Part });
        model.Entity<ResyncRequest>().ToTable("resync_requests").HasKey(r => r.Event);
        model.Entity<PublicationCopy>().ToTable("publication_copies").HasIndex(p => p.Slug);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        conventions.Conventions.Add(_ => new CopyVersionConvention());
        if (!IsSqlite) return;
        // SQLite neither sorts nor compares DateTimeOffset: keep UTC microseconds.
        conventions.Properties<DateTimeOffset>().HaveConversion<MicrosecondsConverter>();
    }

    private sealed class MicrosecondsConverter() : ValueConverter<DateTimeOffset, long>(
        t => (t - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond,
        us => DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond));
}
