using Newsletter.Defaults.Audit;

namespace Newsletter.Mailer.Storage;

/// <summary>How fast a publication's editions may leave, whatever account they leave through. Set by operators.</summary>
[Audited]
public sealed class PublicationRate
{
    private PublicationRate() { }

    public Guid PublicationId { get; private set; }
    /// <summary>Letters a second.</summary>
    public double Rate { get; private set; }

    public static PublicationRate Of(Guid publication) => new() { PublicationId = publication };

    public void Set(double rate) => Rate = rate;
}
