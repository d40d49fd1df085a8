using System.ComponentModel.DataAnnotations;
using Newsletter.Contracts;

namespace Newsletter.Content.Gates;

/// <summary>How a publication asks its readers for more than a visit.</summary>
public sealed record GateSettings
{
    /// <summary>Posts older than this ask for <see cref="ArchiveAccess"/>; none: no archive rule.</summary>
    [Range(1, 36500)]
    public int? ArchiveAfterDays { get; init; }

    public Access ArchiveAccess { get; init; } = Access.Subscribers;

    /// <summary>Gated posts that a reader may open each month; none: no meter.</summary>
    [Range(1, 1000)]
    public int? MeterPerMonth { get; init; }

    /// <summary>Suggest a subscription to anonymous visitors on public posts.</summary>
    public bool Nudge { get; init; } = true;

    /// <summary>Sites that may show the remainder of posts, such as <c>https://blog.example</c>.</summary>
    [MaxLength(20)]
    public IReadOnlyList<string> EmbedOrigins { get; init; } = [];
}
