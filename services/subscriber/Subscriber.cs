using Newsletter.Contracts;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Addresses;

namespace Newsletter.Subscriber;

/// <summary>What somebody asks for when they sign up. <paramref name="Newsletters"/> become consents once the address is confirmed.</summary>
internal sealed record Wish(string? Name, IReadOnlyList<Guid> Newsletters, IReadOnlyList<string> Topics, string? TimeZone, string Source);

/// <summary>A person who gave a publication an address. Whether pending, active or unsubscribed follows from the facts here and is not stored.</summary>
[Audited]
internal sealed class Subscriber
{
    private readonly List<Consent> _consents = [];

    private Subscriber() { }

    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    public long Version { get; private set; }
    [Withheld]
    public string Email { get; private set; } = "";
    [Withheld]
    public string NormalisedEmail { get; private set; } = "";
    [Withheld]
    public string? Name { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset? ConfirmedAt { get; private set; }
    [Withheld]
    public string? TimeZone { get; private set; }
    /// <summary>Since when none of their consents stands; null while one does, and before they confirmed. It follows from the consents, and is kept beside them so that an index holds it.</summary>
    [NotAudited]
    public DateTimeOffset? LeftAt { get; private set; }
    /// <summary>By which way they came.</summary>
    public string Source { get; private set; } = "";
    /// <summary>Empty: all.</summary>
    [Withheld]
    public IReadOnlyList<string> Topics { get; private set; } = [];
    public IReadOnlyList<string> Tags { get; private set; } = [];
    public bool TrackingAllowed { get; private set; } = true;
    /// <summary>How often, everywhere: voids what others gave the reader as a key, such as the address of a feed.</summary>
    public int SignOuts { get; private set; }
    /// <summary>Newsletters that were asked for and wait for the confirmation.</summary>
    public IReadOnlyList<Guid> Wanted { get; private set; } = [];
    public IReadOnlyList<Consent> Consents => _consents;

    public bool IsConfirmed => ConfirmedAt is not null;
    public IEnumerable<Guid> Newsletters => _consents.Where(c => c.Stands).Select(c => c.NewsletterId);

    public static Subscriber SignUp(Guid publication, EmailAddress email, Wish wish, DateTimeOffset now)
    {
        var subscriber = new Subscriber
        {
            Id = Guid.CreateVersion7(now),
            PublicationId = publication,
            Email = email.Typed,
            NormalisedEmail = email.Normalised,
            CreatedAt = now,
        };
        subscriber.Ask(wish);
        return subscriber;
    }

    /// <summary>The latest wish counts, as long as nobody has confirmed one.</summary>
    public void Ask(Wish wish)
    {
        if (IsConfirmed) throw new InvalidOperationException("A confirmed subscriber's choices are their own.");
        (Name, Wanted, Topics, TimeZone, Source) = (wish.Name ?? Name, wish.Newsletters, wish.Topics, wish.TimeZone ?? TimeZone, wish.Source);
    }

    public void Confirm(DateTimeOffset now)
    {
        ConfirmedAt ??= now;
        foreach (var newsletter in Wanted.Except(Newsletters).ToList()) _consents.Add(Consent.Give(newsletter, Source, now));
        Wanted = [];
        NoteLeaving(now);
    }

    /// <summary>From now on these newsletters and no other.</summary>
    public void Choose(IReadOnlyCollection<Guid> newsletters, string source, DateTimeOffset now)
    {
        if (!IsConfirmed)
        {
            Wanted = newsletters.ToList();
            return;
        }
        foreach (var consent in _consents.Where(c => c.Stands && !newsletters.Contains(c.NewsletterId))) consent.Withdraw(source, now);
        foreach (var newsletter in newsletters.Except(Newsletters).ToList()) _consents.Add(Consent.Give(newsletter, source, now));
        NoteLeaving(now);
    }

    /// <summary>Ends one newsletter, or all. Answers whether there was anything to end.</summary>
    public bool Leave(Guid? newsletter, string source, DateTimeOffset now)
    {
        var ending = _consents.Where(c => c.Stands && (newsletter is null || c.NewsletterId == newsletter)).ToList();
        var wanted = Wanted.Where(id => newsletter is not null && id != newsletter).ToList();
        var changes = ending.Count > 0 || wanted.Count < Wanted.Count;
        foreach (var consent in ending) consent.Withdraw(source, now);
        Wanted = wanted;
        NoteLeaving(now);
        return changes;
    }

    private void NoteLeaving(DateTimeOffset now) => LeftAt = !IsConfirmed || Newsletters.Any() ? null : LeftAt ?? now;

    public void Describe(string? name, IReadOnlyList<string> topics, string? timeZone) => (Name, Topics, TimeZone) = (name, topics, timeZone);

    public void Tag(IReadOnlyList<string> tags) => Tags = tags;

    public void AllowTracking(bool allowed) => TrackingAllowed = allowed;

    public void SignOutEverywhere() => SignOuts++;

    public void MoveTo(EmailAddress email) => (Email, NormalisedEmail) = (email.Typed, email.Normalised);

    /// <summary>Before every save: others believe only what is newer.</summary>
    public void Stamp(TimeProvider time) => Version = HybridClock.Next(Version, time);

    public SubscriberSnapshot ToSnapshot(string unsubscribeToken) => new()
    {
        Id = Id,
        PublicationId = PublicationId,
        Version = Version,
        Email = Email,
        NormalisedEmail = NormalisedEmail,
        Name = Name,
        CreatedAt = CreatedAt,
        ConfirmedAt = ConfirmedAt,
        TimeZone = TimeZone,
        Consents = _consents.Where(c => c.Stands).Select(c => new ConsentSnapshot(c.NewsletterId, c.GivenAt, c.Source)).ToList(),
        Topics = Topics,
        Tags = Tags,
        TrackingAllowed = TrackingAllowed,
        SignOuts = SignOuts,
        UnsubscribeToken = unsubscribeToken,
    };

    public SubscriberSnapshot ToTombstone() => new() { Id = Id, PublicationId = PublicationId, Version = Version, Deleted = true };
}
