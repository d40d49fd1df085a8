namespace Newsletter.Mailer.Storage;

/// <summary>An edition's letters by the recipients' mail domains, counted over the ledger now and then and kept.</summary>
public sealed class EditionDomains
{
    public Guid EditionId { get; init; }
    public Guid PublicationId { get; init; }
    public DateTimeOffset CountedAt { get; set; }
    public IReadOnlyList<DomainCount> Domains { get; set; } = [];
}

public sealed record DomainCount(string Domain, int Letters, int Delivered, int Bounced, int Failed, int Opened, int Clicked);

/// <summary>What a mail server said about the first letter of an edition that failed for a reason. Addresses are taken out of it; it is text, never markup.</summary>
public sealed class FailureText
{
    public Guid EditionId { get; init; }
    public string Reason { get; init; } = "";
    public string Text { get; init; } = "";
}
