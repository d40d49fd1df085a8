using Newsletter.Contracts;

namespace Newsletter.Content.Gates;

public enum GateDecision { Open, Nudge, SignUp, MeterSpent, Upgrade }

public enum GateReason
{
    /// <summary>The post asks for nothing.</summary>
    Public,
    /// <summary>A confirmed subscriber.</summary>
    Subscriber,
    /// <summary>A grant of a fitting tier.</summary>
    Member,
    Staff,
    /// <summary>One of this month's free ones.</summary>
    Meter,
    /// <summary>It asks for a subscription.</summary>
    Subscribers,
    /// <summary>It asks for a membership.</summary>
    Paid,
    /// <summary>It asks for another tier than the reader's.</summary>
    Tier,
    /// <summary>It is older than the publication keeps open.</summary>
    Archive,
}

/// <param name="PublishedAt">The date that readers see.</param>
internal readonly record struct PostFacts(Guid Id, Access Access, IReadOnlyList<string> Tiers, bool KeepOpen, DateTimeOffset PublishedAt);

/// <param name="IsKnown">Signed in.</param>
/// <param name="Tiers">Those of the grants that are valid now.</param>
/// <param name="MeterRead">Gated posts that the meter has opened this month.</param>
/// <param name="IsCrawler">Sees the free cut, meter or not.</param>
internal sealed record ReaderFacts(
    bool IsKnown = false, bool IsConfirmed = false, bool IsStaff = false, IReadOnlyList<string>? Tiers = null, IReadOnlyCollection<Guid>? MeterRead = null, bool IsCrawler = false)
{
    public static ReaderFacts Anonymous { get; } = new();
}

/// <summary>The decision for one reader and one post.</summary>
/// <param name="Level">The level whose cut is shown.</param>
/// <param name="Asks">What the post asks for, archive rule included.</param>
/// <param name="TakesFromMeter">Count this post as read.</param>
public sealed record Gate(GateDecision Decision, GateReason Reason, Access Level, Access Asks, bool TakesFromMeter = false)
{
    /// <summary>Nothing is left out.</summary>
    public bool IsOpen => Decision is GateDecision.Open or GateDecision.Nudge;

    /// <summary>Reads no clock and no database: the same facts, the same answer.</summary>
    internal static Gate Decide(in PostFacts post, ReaderFacts reader, GateSettings settings, DateTimeOffset now)
    {
        var asks = AsksOf(post.Access, post.KeepOpen, post.PublishedAt, settings, now);
        var isArchived = asks != post.Access;
        if (reader.IsStaff) return new(GateDecision.Open, GateReason.Staff, Access.Paid, asks);

        var level = LevelOf(reader, post.Tiers);
        if (level >= asks) return new(
            asks == Access.Public && !reader.IsKnown && settings.Nudge ? GateDecision.Nudge : GateDecision.Open,
            asks switch { Access.Public => GateReason.Public, Access.Subscribers => GateReason.Subscriber, _ => GateReason.Member },
            asks, asks);

        // A tier of its own is sold, not tasted.
        if (settings.MeterPerMonth is { } free && post.Tiers.Count == 0 && !reader.IsCrawler)
        {
            var read = reader.MeterRead ?? [];
            if (read.Contains(post.Id)) return new(GateDecision.Open, GateReason.Meter, asks, asks);
            if (read.Count < free) return new(GateDecision.Open, GateReason.Meter, asks, asks, TakesFromMeter: true);
            return new(GateDecision.MeterSpent, isArchived ? GateReason.Archive : ReasonOf(asks), Access.Public, asks);
        }

        var reason = isArchived ? GateReason.Archive : asks == Access.Paid && reader.Tiers is { Count: > 0 } ? GateReason.Tier : ReasonOf(asks);
        return new(asks == Access.Paid ? GateDecision.Upgrade : GateDecision.SignUp, reason, Access.Public, asks);
    }

    /// <summary>What the post asks of its reader now: its own access, or the archive's where that is more.</summary>
    internal static Access AsksOf(Access access, bool keepOpen, DateTimeOffset publishedAt, GateSettings settings, DateTimeOffset now) =>
        settings.ArchiveAfterDays is { } days && !keepOpen && publishedAt < now.AddDays(-days) && settings.ArchiveAccess > access ? settings.ArchiveAccess : access;

    private static Access LevelOf(ReaderFacts reader, IReadOnlyList<string> tiers)
    {
        if (reader.Tiers is { } held && (tiers.Count == 0 ? held.Count > 0 : held.Any(tiers.Contains))) return Access.Paid;
        return reader.IsConfirmed || reader.Tiers is { Count: > 0 } ? Access.Subscribers : Access.Public;
    }

    private static GateReason ReasonOf(Access asks) => asks == Access.Paid ? GateReason.Paid : GateReason.Subscribers;
}
