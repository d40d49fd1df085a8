namespace Newsletter.Mailer.Storage;

/// <summary>An account, or its letters to a domain, that nothing is sent to for a while, because its server said so. Kept for an hour after that: the next hold is longer.</summary>
public sealed class SendingHold
{
    /// <summary>Of the account as a whole.</summary>
    public const string All = "";

    private SendingHold() { }

    public Guid AccountId { get; private set; }
    /// <summary>A mailbox provider's domains, or a domain; <see cref="All"/>.</summary>
    public string Domain { get; private set; } = All;
    /// <summary>The account's provider.</summary>
    public string Provider { get; private set; } = "";
    public DateTimeOffset Until { get; private set; }
    /// <summary>A bounded word.</summary>
    public string Reason { get; private set; } = "";
    /// <summary>Holds in a row.</summary>
    public int Strikes { get; private set; }

    public static SendingHold Of(Guid account, string provider, string domain, string reason, DateTimeOffset until, int strikes) =>
        new() { AccountId = account, Provider = provider, Domain = domain, Reason = reason, Until = until, Strikes = strikes };
}
