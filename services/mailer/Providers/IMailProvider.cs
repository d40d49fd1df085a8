namespace Newsletter.Mailer.Providers;

/// <summary>Somebody who carries mail for us: takes letters, and says of each what became of it.</summary>
public interface IMailProvider
{
    /// <summary>A bounded word for metrics and the ledger: <c>sendgrid</c>, <c>smtp</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Letters in one call. The caller commits the letters of a call as <c>sending</c> before it and their outcomes after it,
    /// so a crash leaves at most this many uncertain per call in flight: 1,000 for SendGrid, 1 for SMTP.
    /// </summary>
    int MaxBatch { get; }

    /// <summary>Calls that may be in flight side by side.</summary>
    int MaxConcurrency { get; }

    /// <summary>
    /// One outcome per letter, in any order. Throws only for cancellation and for faults of ours: a provider that is away, slow, or refuses is an outcome.
    /// </summary>
    Task<IReadOnlyList<SendOutcome>> SendAsync(OutgoingBatch batch, CancellationToken cancellation);
}

/// <summary>Letters that share everything but their substitutions.</summary>
public sealed record OutgoingBatch
{
    public required MailAddress From { get; init; }
    public MailAddress? ReplyTo { get; init; }
    /// <summary>Subject, HTML and text contain <see cref="OutgoingLetter.Substitutions"/>' keys literally.</summary>
    public required string Subject { get; init; }
    public required string Html { get; init; }
    public required string Text { get; init; }
    /// <summary>Headers that are the same in every letter.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
    /// <summary>At most 10, bounded words, for the provider's own statistics.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];
    public required IReadOnlyList<OutgoingLetter> Letters { get; init; }
}

public sealed record OutgoingLetter
{
    /// <summary>Names the letter in its outcome: unique within the batch.</summary>
    public required string Key { get; init; }
    public required MailAddress To { get; init; }
    /// <summary>Without angle brackets; the same at every try.</summary>
    public required string MessageId { get; init; }
    public IReadOnlyDictionary<string, string> Substitutions { get; init; } = new Dictionary<string, string>();
    /// <summary>Headers of this letter alone; complete, nothing is substituted in them.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
    /// <summary>Comes back with each of the provider's events: see <see cref="CustomArgs"/>.</summary>
    public IReadOnlyDictionary<string, string> CustomArgs { get; init; } = new Dictionary<string, string>();
}

public sealed record MailAddress(string Address, string? Name = null);

/// <summary>The keys by which an event finds its letter.</summary>
public static class CustomArgs
{
    public const string Publication = "publication";
    public const string Edition = "edition";
    public const string Subscriber = "subscriber";
    public const string Batch = "batch";
    /// <summary>A transactional mail's id; then there is no edition and no batch.</summary>
    public const string Mail = "mail";
}

/// <summary>What became of one letter.</summary>
public abstract record SendOutcome(string Key)
{
    public sealed record Accepted(string Key, string? ProviderMessageId) : SendOutcome(Key);

    /// <summary>Will never be taken. <paramref name="AddressIsBad"/>: the mailbox does not exist, as against a fault in the letter or the account.</summary>
    public sealed record Rejected(string Key, bool AddressIsBad, string Code, string Text) : SendOutcome(Key);

    /// <summary>Was certainly not taken now; may be later.</summary>
    public sealed record Deferred(string Key, string Code, string Text, TimeSpan? RetryAfter) : SendOutcome(Key);

    /// <summary>The request may have arrived, the answer did not.</summary>
    public sealed record Unknown(string Key, string Code) : SendOutcome(Key);
}
