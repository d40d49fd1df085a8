using Newsletter.Contracts;
using Newsletter.Defaults.Copies;

namespace Newsletter.Mailer.Storage;

/// <summary>A subscriber as their owner last told of them: whom to mail, under which name, and what they asked for.</summary>
public sealed class Recipient : Copy<SubscriberSnapshot>
{
    private readonly List<RecipientConsent> _consents = [];

    public string Email { get; private set; } = "";
    /// <summary>Keyed hash of the normalised address: what deliverability is kept by.</summary>
    public string AddressHash { get; private set; } = "";
    public string NormalisedEmail { get; private set; } = "";
    public string? Name { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset? ConfirmedAt { get; private set; }
    public string? TimeZone { get; private set; }
    /// <summary>Empty: all.</summary>
    public IReadOnlyList<string> Topics { get; private set; } = [];
    public IReadOnlyList<string> Tags { get; private set; } = [];
    public bool TrackingAllowed { get; private set; }
    public string UnsubscribeToken { get; private set; } = "";
    public IReadOnlyList<RecipientConsent> Consents => _consents;

    internal void HashAddress(AddressHasher hasher) => AddressHash = Deleted ? "" : hasher.Hash(NormalisedEmail);

    /// <summary>What remains is the tombstone, also where the person was not known here yet.</summary>
    public void Erase(SubscriberErased erased) =>
        Take(new() { Id = erased.SubscriberId, PublicationId = erased.PublicationId, Version = Math.Max(erased.Version, Version + 1), Deleted = true });

    protected override void Fill(SubscriberSnapshot snapshot)
    {
        Email = snapshot.Email;
        NormalisedEmail = snapshot.NormalisedEmail;
        Name = snapshot.Name;
        CreatedAt = snapshot.CreatedAt;
        ConfirmedAt = snapshot.ConfirmedAt;
        TimeZone = snapshot.TimeZone;
        Topics = snapshot.Topics;
        Tags = snapshot.Tags;
        TrackingAllowed = snapshot.TrackingAllowed;
        UnsubscribeToken = snapshot.UnsubscribeToken;
        _consents.RemoveAll(held => snapshot.Consents.All(c => c.NewsletterId != held.NewsletterId));
        foreach (var consent in snapshot.Consents)
        {
            if (_consents.Find(c => c.NewsletterId == consent.NewsletterId) is { } held) held.Take(consent);
            else _consents.Add(RecipientConsent.Of(consent));
        }
    }

    protected override void Clear()
    {
        (Email, NormalisedEmail, AddressHash, UnsubscribeToken) = ("", "", "", "");
        (Name, TimeZone, ConfirmedAt) = (null, null, null);
        (Topics, Tags) = ([], []);
        _consents.Clear();
    }
}

/// <summary>A consent that stands.</summary>
public sealed class RecipientConsent
{
    private RecipientConsent() { }

    public Guid NewsletterId { get; private set; }
    public DateTimeOffset GivenAt { get; private set; }

    internal static RecipientConsent Of(ConsentSnapshot consent) => new() { NewsletterId = consent.NewsletterId, GivenAt = consent.GivenAt };

    internal void Take(ConsentSnapshot consent) => GivenAt = consent.GivenAt;
}
