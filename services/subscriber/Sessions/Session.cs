using Newsletter.Defaults.Identity;

namespace Newsletter.Subscriber.Sessions;

/// <summary>A signed-in reader of one publication, or a signed-in member of staff; stored hashed. Ends 90 days after it was last seen, staff's after 14.</summary>
internal sealed class Session
{
    public static readonly TimeSpan ReadersLifetime = TimeSpan.FromDays(90);
    public static readonly TimeSpan StaffLifetime = TimeSpan.FromDays(14);
    /// <summary>How stale <see cref="LastSeenAt"/> may be: not every read is worth a write.</summary>
    public static readonly TimeSpan SeenEvery = TimeSpan.FromHours(6);

    private Session() { }

    public Guid Id { get; private set; }
    public byte[] Hash { get; private set; } = [];
    /// <summary>Set, with the publication, for readers.</summary>
    public Guid? SubscriberId { get; private set; }
    public Guid? PublicationId { get; private set; }
    /// <summary>Set for staff.</summary>
    public Guid? AccountId { get; private set; }
    /// <summary>Such as <c>Firefox on Linux</c>.</summary>
    public string Device { get; private set; } = "";
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset LastSeenAt { get; private set; }
    public DateTimeOffset ExpiresAt { get; private set; }

    public static (Session Session, string Value) ForReader(Guid publication, Guid subscriber, string device, DateTimeOffset now)
    {
        var (session, value) = Create(device, now, ReadersLifetime);
        (session.PublicationId, session.SubscriberId) = (publication, subscriber);
        return (session, value);
    }

    public static (Session Session, string Value) ForStaff(Guid account, string device, DateTimeOffset now)
    {
        var (session, value) = Create(device, now, StaffLifetime);
        session.AccountId = account;
        return (session, value);
    }

    /// <summary>Puts the end off. Answers whether there is anything to save.</summary>
    public bool Seen(DateTimeOffset now)
    {
        if (now - LastSeenAt < SeenEvery) return false;
        LastSeenAt = now;
        ExpiresAt = now + (AccountId is null ? ReadersLifetime : StaffLifetime);
        return true;
    }

    private static (Session, string) Create(string device, DateTimeOffset now, TimeSpan lifetime)
    {
        var value = Secret.New(SessionCookie.ValuePrefix);
        var session = new Session { Id = Guid.CreateVersion7(now), Hash = Secret.Hash(value), Device = device, CreatedAt = now, LastSeenAt = now, ExpiresAt = now + lifetime };
        return (session, value);
    }
}
