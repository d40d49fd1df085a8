using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Subscribers;

internal enum LabelKind : short { Tag, Topic }

/// <summary>A tag or topic of a subscriber as a row of its own, so that lists find them by an index. The subscriber's own lists are what counts.</summary>
internal sealed class Label
{
    public required Guid PublicationId { get; init; }
    public required LabelKind Kind { get; init; }
    public required string Word { get; init; }
    public required Guid SubscriberId { get; init; }
}

internal static class Labels
{
    /// <summary>Before every save: the rows follow what changed. Those of whoever is erased go with them in the database.</summary>
    public static void KeepLabels(this SubscriberDb db)
    {
        foreach (var entry in db.ChangeTracker.Entries<Subscriber>().Where(e => e.State is EntityState.Added or EntityState.Modified).ToList())
        {
            Keep(db, entry, LabelKind.Tag, entry.Property(s => s.Tags));
            Keep(db, entry, LabelKind.Topic, entry.Property(s => s.Topics));
        }
    }

    private static void Keep(SubscriberDb db, EntityEntry<Subscriber> entry, LabelKind kind, PropertyEntry<Subscriber, IReadOnlyList<string>> words)
    {
        if (entry.State == EntityState.Modified && !words.IsModified) return;
        IReadOnlyList<string> before = entry.State == EntityState.Added ? [] : words.OriginalValue;
        db.RemoveRange(before.Except(words.CurrentValue).Select(RowOf));
        db.AddRange(words.CurrentValue.Except(before).Select(RowOf));

        Label RowOf(string word) => new() { PublicationId = entry.Entity.PublicationId, Kind = kind, Word = word, SubscriberId = entry.Entity.Id };
    }
}
