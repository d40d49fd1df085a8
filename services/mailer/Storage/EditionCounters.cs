namespace Newsletter.Mailer.Storage;

/// <summary>What happened to an edition beside its states; raised once per ingested batch of events.</summary>
public sealed class EditionCounters
{
    public Guid EditionId { get; set; }
    public Guid PublicationId { get; set; }
    public int Opens { get; set; }
    /// <summary>Opened by a mail program on nobody's behalf; not among <see cref="Opens"/>.</summary>
    public int MachineOpens { get; set; }
    public int Clicks { get; set; }
    /// <summary>Letters whose links a program followed; not among <see cref="Clicks"/>.</summary>
    public int MachineClicks { get; set; }
    public int Complaints { get; set; }
    public int Unsubscribes { get; set; }
}
