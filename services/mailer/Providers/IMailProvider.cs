using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Providers;

/// <summary>Somebody who carries mail for us: takes letters, and says of each what became of it.</summary>
internal interface IMailProvider
{
    /// <summary>A bounded word for metrics and the ledger: <c>sendgrid</c>, <c>smtp</c>, <c>ses</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Letters in one step. The caller commits the letters of a step as <c>sending</c> before it and their outcomes after it,
    /// so a crash leaves at most this many uncertain per step under way: 1,000 for SendGrid, 1 for SMTP. A step is one call, but for letters that are not alike.
    /// </summary>
    int MaxBatch { get; }

    /// <summary>The same of letters that show so much of a list.</summary>
    int MaxBatchOf(PersonalList list, IReadOnlyCollection<BlockSet?> shown) => MaxBatch;

    /// <summary>Calls that may be in flight side by side.</summary>
    int MaxConcurrency { get; }

    /// <summary>
    /// One outcome per letter, in any order. Throws only for cancellation and for faults of ours: a provider that is away, slow, or refuses is an outcome.
    /// </summary>
    Task<IReadOnlyList<SendOutcome>> SendAsync(OutgoingBatch batch, CancellationToken cancellation);

    /// <summary>What the DNS of a from-domain must say before its letters leave through it.</summary>
    DomainNeeds Needs { get; }

    /// <summary>What a call to our webhook tells, one after the other; null for what is no news of a letter. Who sent it was verified before.</summary>
    IEnumerable<MailEvent?> EventsIn(string body);
}

/// <param name="Spf">What names the provider's servers in an SPF record, such as <c>include:sendgrid.net</c>.</param>
/// <param name="SignsItself">With DKIM keys that only its own pages tell of; otherwise we sign.</param>
/// <param name="Configured">The key that we sign with for its domain, if the settings or the account name one.</param>
internal sealed record DomainNeeds(string Spf, bool SignsItself, DkimOptions? Configured = null);

/// <summary>Letters that share everything but their substitutions.</summary>
internal sealed record OutgoingBatch
{
    public required MailAddress From { get; init; }
    public MailAddress? ReplyTo { get; init; }
    /// <summary>Signs in the name of the sender's domain, where the provider does not do that itself.</summary>
    public DkimSigning? Dkim { get; init; }
    /// <summary>Subject, HTML and text contain <see cref="OutgoingLetter.Substitutions"/>' keys literally.</summary>
    public required string Subject { get; init; }
    public required string Html { get; init; }
    public required string Text { get; init; }
    /// <summary>Stands for <see cref="Placeholder.List"/> in HTML and text; null: there is none.</summary>
    public PersonalList? List { get; init; }
    /// <summary>Headers that are the same in every letter.</summary>
    public IReadOnlyCollection<KeyValuePair<string, string>> Headers { get; init; } = [];
    /// <summary>At most 10, bounded words, for the provider's own statistics.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];
    public required IReadOnlyList<OutgoingLetter> Letters { get; init; }

    /// <summary>With a letter's list in it, for a provider that takes letters whole; its substitutions are still to be filled in.</summary>
    public string HtmlOf(OutgoingLetter letter) => List is null ? Html : List.HtmlIn(Html, letter.Blocks);

    public string TextOf(OutgoingLetter letter) => List is null ? Text : List.TextIn(Text, letter.Blocks);
}

internal sealed record OutgoingLetter
{
    /// <summary>Names the letter in its outcome: unique within the batch.</summary>
    public required string Key { get; init; }
    public required MailAddress To { get; init; }
    /// <summary>Without angle brackets; the same at every try.</summary>
    public required string MessageId { get; init; }
    public IReadOnlyCollection<KeyValuePair<string, string>> Substitutions { get; init; } = [];
    /// <summary>Of the batch's list, those that it shows; null: all.</summary>
    public BlockSet? Blocks { get; init; }
    /// <summary>Headers of this letter alone; complete, nothing is substituted in them.</summary>
    public IReadOnlyCollection<KeyValuePair<string, string>> Headers { get; init; } = [];
    /// <summary>Comes back with each of the provider's events: see <see cref="CustomArgs"/>.</summary>
    public IReadOnlyCollection<KeyValuePair<string, string>> CustomArgs { get; init; } = [];
}

internal sealed record MailAddress(string Address, string? Name = null);

/// <summary>The keys by which an event finds its letter.</summary>
internal static class CustomArgs
{
    public const string Publication = "publication";
    public const string Edition = "edition";
    public const string Subscriber = "subscriber";
    public const string Batch = "batch";
    /// <summary>A transactional mail's id; then there is no edition and no batch.</summary>
    public const string Mail = "mail";
}

/// <summary>Whom an answer that puts a letter off is about.</summary>
internal enum HoldScope
{
    Letter,
    /// <summary>All letters of the account to the recipient's domain.</summary>
    Domain,
    Account,
}

/// <summary>What became of one letter.</summary>
internal abstract record SendOutcome(string Key)
{
    public sealed record Accepted(string Key, string? ProviderMessageId) : SendOutcome(Key);

    /// <summary>Will never be taken. <paramref name="AddressIsBad"/>: the mailbox does not exist, as against a fault in the letter or the account.</summary>
    public sealed record Rejected(string Key, bool AddressIsBad, string Code, string Text) : SendOutcome(Key);

    /// <summary>Was certainly not taken now; may be later.</summary>
    public sealed record Deferred(string Key, string Code, string Text, TimeSpan? RetryAfter) : SendOutcome(Key)
    {
        /// <summary>The provider cannot be reached, fails, or does not let us in: the letter is not the reason. Too many requests are none of these.</summary>
        public bool IsAway { get; init; }

        /// <summary>For whom it asks us to wait; why is then one of <see cref="Pace.HoldReasons"/>.</summary>
        public HoldScope Holds { get; init; }
        public string HoldReason { get; init; } = "";
    }

    /// <summary>The request may have arrived, the answer did not.</summary>
    public sealed record Unknown(string Key, string Code) : SendOutcome(Key);
}
