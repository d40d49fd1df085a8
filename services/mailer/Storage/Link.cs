namespace Newsletter.Mailer.Storage;

/// <summary>An address in an edition's letters, shared by all its readers.</summary>
public sealed class Link
{
    public Guid Id { get; set; }
    public Guid EditionId { get; set; }
    public Guid PublicationId { get; set; }
    public string Address { get; set; } = "";
    public int Clicks { get; set; }
}
