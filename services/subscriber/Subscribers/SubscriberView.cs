using System.Linq.Expressions;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;

namespace Newsletter.Subscriber.Subscribers;

/// <summary>Derived: pending until the address is confirmed, then active while any consent stands.</summary>
public enum SubscriberStatus { Pending, Active, Unsubscribed }

/// <summary>A subscriber as staff see them.</summary>
internal sealed record SubscriberView(
    Guid Id, string Email, string? Name, SubscriberStatus Status, Cadence Cadence, IReadOnlyList<string> Newsletters, IReadOnlyList<string> Topics,
    IReadOnlyList<string> Tags, string? TimeZone, bool TrackingAllowed, string Source, DateTimeOffset CreatedAt, DateTimeOffset? ConfirmedAt)
{
    public static SubscriberView Of(Subscriber s, CurrentPublication publication)
    {
        var chosen = Chosen(s);
        return new(
            s.Id, s.Email, s.Name, StatusOf(s), publication.Snapshot.CadenceOf(chosen), SlugsOf(publication.Snapshot, chosen), s.Topics,
            s.Tags, s.TimeZone, s.TrackingAllowed, s.Source, s.CreatedAt, s.ConfirmedAt);
    }

    /// <summary>Null for a word that is none.</summary>
    public static SubscriberStatus? StatusNamed(string? word) => word switch
    {
        "pending" => SubscriberStatus.Pending,
        "active" => SubscriberStatus.Active,
        "unsubscribed" => SubscriberStatus.Unsubscribed,
        _ => null,
    };

    public static SubscriberStatus StatusOf(Subscriber s) =>
        !s.IsConfirmed ? SubscriberStatus.Pending : s.Newsletters.Any() ? SubscriberStatus.Active : SubscriberStatus.Unsubscribed;

    /// <summary>The same rule for the database, in the words of its partial indexes.</summary>
    public static Expression<Func<Subscriber, bool>> Has(SubscriberStatus status) => status switch
    {
        SubscriberStatus.Pending => s => s.ConfirmedAt == null,
        SubscriberStatus.Active => s => s.ConfirmedAt != null && s.LeftAt == null,
        _ => s => s.LeftAt != null,
    };

    /// <summary>What they get, or asked for while they are pending.</summary>
    private static List<Guid> Chosen(Subscriber s) => (s.IsConfirmed ? s.Newsletters : s.Wanted).ToList();

    private static List<string> SlugsOf(PublicationSnapshot publication, List<Guid> newsletters) =>
        publication.Newsletters.Where(n => newsletters.Contains(n.Id)).Select(n => n.Slug).ToList();
}
