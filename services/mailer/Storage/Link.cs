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
    /// <summary>How often it was followed.</summary>
    public int Follows { get; set; }
}

/// <summary>A reader followed a link: counted once.</summary>
public sealed class LinkClick
{
    public Guid LinkId { get; set; }
    public Guid SubscriberId { get; set; }
}
