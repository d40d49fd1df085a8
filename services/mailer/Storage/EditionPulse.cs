namespace Newsletter.Mailer.Storage;

/// <summary>
/// What happened to an edition within a quarter of an hour: engagement over time, and by publication the letters of each day. A quarter, because no
/// zone's day begins in the middle of one.
/// </summary>
public sealed class EditionPulse
{
    public const int Seconds = 900;

    public Guid EditionId { get; set; }
    /// <summary>Quarters since 1970.</summary>
    public int Quarter { get; set; }
    public Guid PublicationId { get; set; }
    public int Accepted { get; set; }
    public int Delivered { get; set; }
    public int Bounced { get; set; }
    public int Opens { get; set; }
    public int MachineOpens { get; set; }
    public int Clicks { get; set; }
    public int MachineClicks { get; set; }
    public int Complaints { get; set; }
    public int Unsubscribes { get; set; }

    public static int QuarterOf(DateTimeOffset at) => (int)(at.ToUnixTimeSeconds() / Seconds);

    public static DateTimeOffset StartOf(int quarter) => DateTimeOffset.FromUnixTimeSeconds((long)quarter * Seconds);
}
