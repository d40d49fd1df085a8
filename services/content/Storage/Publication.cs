using Newsletter.Content.Gates;
using Newsletter.Contracts;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Storage;

namespace Newsletter.Content.Storage;

/// <summary>The tenant: one site with its newsletters, topics and gate. Its version covers all of them.</summary>
[Audited]
internal sealed class Publication
{
    private Publication() { }

    public Guid Id { get; private set; }
    public string Slug { get; private set; } = "";
    /// <summary>Its own host, where it has one.</summary>
    public string? Domain { get; private set; }
    /// <summary>Without a trailing slash; every link starts with it.</summary>
    public string BaseUrl { get; private set; } = "";
    public string Name { get; private set; } = "";
    public string Tagline { get; set; } = "";
    public string Description { get; set; } = "";
    public string Language { get; set; } = "en";
    public string TimeZone { get; set; } = "Etc/UTC";
    public string PostalAddress { get; set; } = "";
    public string SenderName { get; set; } = "";
    public string? ReplyTo { get; set; }
    public string AccentColour { get; set; } = "#1a4fa3";
    public bool Suspended { get; set; }
    public bool TrackingAllowed { get; set; } = true;
    public Guid? CreatedBy { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public long Version { get; private set; }
    public GateSettings Gate { get; set; } = new();
    public IReadOnlyList<NewsletterSnapshot> Newsletters { get; private set; } = [];
    /// <summary>The names of topics; a post may use others, which are then shown by their slug.</summary>
    public IReadOnlyList<TopicSnapshot> Topics { get; set; } = [];

    public static Publication Create(string slug, string name, Guid? createdBy, TimeProvider time) => new()
    {
        Id = Guid.CreateVersion7(time.GetUtcNow()),
        Slug = slug,
        Name = name,
        SenderName = name,
        CreatedBy = createdBy,
        CreatedAt = time.GetUtcNow(),
        Newsletters =
        [
            new() { Id = Guid.CreateVersion7(), Slug = "posts", Name = "New posts", Description = "Every post, when it appears.", Kind = NewsletterKind.Posts },
            new()
            {
                Id = Guid.CreateVersion7(), Slug = "weekly", Name = "Weekly roundup", Description = "Once a week, what was new.",
                Kind = NewsletterKind.Roundup, Schedule = new(DayOfWeek.Saturday, new TimeOnly(8, 0)),
            },
        ],
    };

    public void Rename(string name) => Name = name;

    /// <param name="sharedBaseUrl">Where it lives without a domain of its own.</param>
    public void MoveTo(string? domain, string sharedBaseUrl)
    {
        Domain = domain;
        BaseUrl = domain is null ? sharedBaseUrl : $"https://{domain}";
    }

    /// <summary>Adds a newsletter, or replaces the one with the same id.</summary>
    public void Put(NewsletterSnapshot newsletter) =>
        Newsletters = [.. Newsletters.Where(n => n.Id != newsletter.Id), newsletter];

    public NewsletterSnapshot? NewsletterOf(string slug) => Newsletters.FirstOrDefault(n => n.Slug == slug);

    public string TopicName(string slug) => Topics.FirstOrDefault(t => t.Slug == slug)?.Name ?? slug;

    /// <summary>Call once per change, before saving.</summary>
    public PublicationChanged Changed(TimeProvider time)
    {
        Version = HybridClock.Next(Version, time);
        return new(Snapshot());
    }

    public PublicationSnapshot Snapshot() => new()
    {
        Id = Id,
        Version = Version,
        Slug = Slug,
        Name = Name,
        Tagline = Tagline,
        Language = Language,
        TimeZone = TimeZone,
        BaseUrl = BaseUrl,
        PostalAddress = PostalAddress,
        SenderName = SenderName,
        ReplyTo = ReplyTo,
        AccentColour = AccentColour,
        Suspended = Suspended,
        TrackingAllowed = TrackingAllowed,
        CreatedBy = CreatedBy,
        Newsletters = Newsletters,
        Topics = Topics,
    };
}
