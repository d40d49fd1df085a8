using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Bounces;

/// <summary>What a mail server, or a mailbox provider, says became of one of our letters.</summary>
/// <param name="MessageIds">Without angle brackets, of the letter that it is about; the first of them that is ours counts.</param>
/// <param name="Address">Where the letter went, if it is told.</param>
/// <param name="Status">RFC 3463's status, or the SMTP code; empty where there is none.</param>
/// <param name="Text">What the server said. It may quote addresses.</param>
internal sealed record Report(EventKind Kind, IReadOnlyList<string> MessageIds, string Address, string Status, string Text)
{
    /// <summary>Who leaves, leaves all newsletters and not only the letter's.</summary>
    public bool IsOfAll { get; init; }
}

/// <summary>What a mail that came in is. <paramref name="Form"/> is a word for metrics: <c>dsn</c>, <c>arf</c>, <c>text</c>, <c>other</c>.</summary>
internal sealed record IncomingMail(string Form, IReadOnlyList<Report> Reports)
{
    /// <summary>A person's mail, an automatic reply, or nothing that can be read.</summary>
    public static readonly IncomingMail Other = new("other", []);
}
