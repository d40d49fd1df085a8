using Newsletter.Contracts;

namespace Newsletter.Defaults.Copies;

/// <summary>A consumer's own row of another service's state. After deletion the tombstone (id, version) stays, so a late event cannot bring it back.</summary>
public abstract class Copy<TSnapshot> where TSnapshot : ISnapshot
{
    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    public long Version { get; private set; }
    public bool Deleted { get; private set; }

    /// <summary>Takes the snapshot if it is newer. Answers whether it was.</summary>
    public bool Take(TSnapshot snapshot)
    {
        if (snapshot.Version <= Version) return false;
        Id = snapshot.Id;
        PublicationId = snapshot.PublicationId;
        Version = snapshot.Version;
        Deleted = snapshot.Deleted;
        if (Deleted) Clear();
        else Fill(snapshot);
        return true;
    }

    internal void Bury(long version)
    {
        Version = version;
        Deleted = true;
        Clear();
    }

    protected abstract void Fill(TSnapshot snapshot);

    /// <summary>Empties everything but the tombstone.</summary>
    protected abstract void Clear();
}
