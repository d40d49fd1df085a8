namespace Newsletter.Mailer.Pace;

/// <summary>A batch that goes on later, not because anything failed.</summary>
/// <param name="Reason">One of <see cref="Words"/>, or why its turn ended.</param>
internal sealed record PutOff(DateTimeOffset Until, string Reason)
{
    public const string PublicationRate = "publication_rate";
    public const string AccountRate = "account_rate";
    public const string WarmUp = "warm_up";
    /// <summary>The account asked us to wait.</summary>
    public const string Account = "account";
    /// <summary>The domains of all its letters did, or have as many as they may.</summary>
    public const string Domain = "domain";
    /// <summary>A server put single letters off.</summary>
    public const string Letter = "letter";
    public const string Turn = "turn";
    public const string Stopped = "stopped";

    public static readonly string[] Words = [PublicationRate, AccountRate, WarmUp, Account, Domain, Letter];

    /// <summary>By our own settings: then the edition has as much longer.</summary>
    public static readonly string[] Ours = [PublicationRate, AccountRate, WarmUp];

    public PutOff AtLeast(DateTimeOffset at) => Until < at ? this with { Until = at } : this;

    public bool IsOurs => Ours.Contains(Reason);
}
