using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Providers;

/// <summary>SoftBounce: the letter did not arrive, and its address may be good all the same.</summary>
internal enum EventKind { Processed, Deferred, Delivered, Bounce, SoftBounce, Blocked, Dropped, Open, MachineOpen, Click, SpamReport, Unsubscribe }

/// <summary>One thing that a provider tells of a letter, whatever its own words for it are.</summary>
/// <param name="Id">The same whenever it is told again.</param>
internal sealed record MailEvent(string Id, EventKind Kind, string Email, DateTimeOffset At)
{
    private const int MaxReason = 100;

    /// <summary>So much a provider's clock and ours may differ.</summary>
    public static readonly TimeSpan ClocksApart = TimeSpan.FromMinutes(5);

    public Guid? Publication { get; init; }
    public Guid? Edition { get; init; }
    public Guid? Subscriber { get; init; }
    public Guid? Batch { get; init; }
    /// <summary>Of a transactional mail.</summary>
    public Guid? Mail { get; init; }
    /// <summary>Told by a mail, which anybody may have written: it speaks of the letter that it names, and of no address but its reader's.</summary>
    public bool IsHearsay { get; init; }
    /// <summary>Who unsubscribes, leaves all newsletters and not only the letter's.</summary>
    public bool IsOfAll { get; init; }
    /// <summary>SMTP's enhanced status, or the provider's words for why it dropped the mail. Never what the other server said: that may quote addresses.</summary>
    public string Reason { get; init; } = "";
    /// <summary>What the other server said of a letter that failed, without the addresses in it.</summary>
    public string Said { get; init; } = "";

    public static string ShortReason(string? text) => text is null || text.Contains('@', StringComparison.Ordinal) ? "" : Subject.Of(text, MaxReason);
}
