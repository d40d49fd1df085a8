namespace Newsletter.Mailer.Storage;

/// <summary>How far an account's warm-up has come: what left on its latest day, and how many days grew its cap before.</summary>
public sealed class WarmUp
{
    private WarmUp() { }

    public Guid AccountId { get; private set; }
    /// <summary>Days of which at least half the cap was used.</summary>
    public int Step { get; private set; }
    /// <summary>The latest day on which letters left, as a number of days.</summary>
    public int Day { get; private set; }
    /// <summary>That day's cap.</summary>
    public int Cap { get; private set; }
    /// <summary>Letters on that day.</summary>
    public int Sent { get; private set; }

    public static WarmUp Of(Guid account, int day, int cap) => new() { AccountId = account, Day = day, Cap = cap };
}
