using System.ComponentModel.DataAnnotations;
using Newsletter.Content.Gates;
using Newsletter.Contracts;

namespace Newsletter.Content.Publications;

/// <summary>What can be told of a publication; what is left out stays as it is.</summary>
public record PublicationChange
{
    [StringLength(80, MinimumLength = 1), SingleLine]
    public string? Name { get; init; }

    [StringLength(160), SingleLine]
    public string? Tagline { get; init; }

    [StringLength(1000)]
    public string? Description { get; init; }

    /// <summary>BCP 47.</summary>
    [RegularExpression("^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$")]
    public string? Language { get; init; }

    [Zone]
    public string? TimeZone { get; init; }

    [StringLength(300)]
    public string? PostalAddress { get; init; }

    [StringLength(80, MinimumLength = 1), SingleLine]
    public string? SenderName { get; init; }

    /// <summary>Empty to take it away.</summary>
    [Mailbox, StringLength(254), SingleLine]
    public string? ReplyTo { get; init; }

    /// <summary><c>#rrggbb</c>.</summary>
    [RegularExpression("^#[0-9a-fA-F]{6}$")]
    public string? AccentColor { get; init; }

    /// <summary>Its own host, whose DNS names the publication; empty to take it away.</summary>
    [Host]
    public string? Domain { get; init; }

    public GateSettings? Gate { get; init; }

    [MaxLength(200)]
    public IReadOnlyList<TopicRequest>? Topics { get; init; }

    /// <summary>Whether letters count opens and clicks; readers may refuse it for themselves.</summary>
    public bool? TrackingAllowed { get; init; }

    /// <summary>For operators only.</summary>
    public bool? Suspended { get; init; }
}

public sealed record PublicationRequest : PublicationChange
{
    [Required, RegularExpression(Slugs.PublicationPattern)]
    public string Slug { get; init; } = "";
}

public sealed record TopicRequest
{
    [Required, RegularExpression(Slugs.Pattern)]
    public string Slug { get; init; } = "";

    [Required, StringLength(60), SingleLine]
    public string Name { get; init; } = "";
}

internal sealed record PublicationAnswer(
    Guid Id, string Slug, string Name, string Tagline, string Description, string Language, string TimeZone, string Url, string PostalAddress,
    string AccentColor, IReadOnlyList<TopicSnapshot> Topics, IReadOnlyList<NewsletterAnswer> Newsletters, PublicationStaffPart? Staff)
{
    public static PublicationAnswer Of(KnownPublication known, string? domain, bool forStaff)
    {
        var p = known.Snapshot;
        return new(p.Id, p.Slug, p.Name, p.Tagline, known.Description, p.Language, p.TimeZone, p.BaseUrl, p.PostalAddress, p.AccentColour, p.Topics,
            [.. p.Newsletters.Select(NewsletterAnswer.Of)],
            forStaff ? new(domain, DomainProof.ValueOf(p.Id), p.SenderName, p.ReplyTo, p.Suspended, p.TrackingAllowed, known.Gate, p.Version) : null);
    }
}

/// <summary>What only staff are told.</summary>
/// <param name="DomainProof">Value of the TXT record <c>_newsletter.{host}</c> by which a host becomes the domain.</param>
internal sealed record PublicationStaffPart(string? Domain, string DomainProof, string SenderName, string? ReplyTo, bool Suspended, bool TrackingAllowed, GateSettings Gate, long Version);

/// <summary>For the gateway.</summary>
internal sealed record PublicationHost(Guid Id, string Slug, string BaseUrl, string? Host);
