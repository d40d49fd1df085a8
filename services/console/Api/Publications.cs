namespace Newsletter.Console.Api;

public sealed record Publication(
    Guid Id, string Slug, string Name, string Tagline, string Description, string Language, string TimeZone, string Url, string PostalAddress,
    string AccentColor, IReadOnlyList<Topic> Topics, IReadOnlyList<NewsletterInfo> Newsletters, PublicationStaffPart? Staff);

public sealed record PublicationStaffPart(string? Domain, string DomainProof, string SenderName, string? ReplyTo, bool Suspended, bool TrackingAllowed, GateSettings Gate, long Version);

public sealed record Topic(string Slug, string Name);

public sealed record NewsletterInfo(Guid Id, string Slug, string Name, string Description, string Kind, Schedule? Schedule);

/// <param name="Day">A day of the week, in lower case.</param>
public sealed record Schedule(string Day, string Time, bool InReadersZone);

public sealed record GateSettings
{
    public int? ArchiveAfterDays { get; init; }
    public string ArchiveAccess { get; init; } = "subscribers";
    public int? MeterPerMonth { get; init; }
    public bool Nudge { get; init; } = true;
    public IReadOnlyList<string> EmbedOrigins { get; init; } = [];
}
