namespace Newsletter.Mailer.Storage;

/// <summary>An address in an edition's letters, shared by all its readers.</summary>
public sealed class Link
{
    public Guid Id { get; set; }
    public Guid EditionId { get; set; }
    public Guid PublicationId { get; set; }
    public string Address { get; set; } = "";
    /// <summary>Readers who followed it.</summary>
    public int Clicks { get; set; }
    /// <summary>How often people followed it.</summary>
    public int Follows { get; set; }
}

/// <summary>A reader followed a link, or a program on the way to them: counted once.</summary>
public sealed class LinkClick
{
    public Guid LinkId { get; set; }
    public Guid SubscriberId { get; set; }
    /// <summary>The first time. Null: before it was kept.</summary>
    public DateTimeOffset? ClickedAt { get; set; }
    /// <summary>Nobody but a program has followed it.</summary>
    public bool ByMachine { get; set; }
}
