namespace Newsletter.Subscriber.Links;

/// <summary>What a link in a mail may do. Each has keys of its own, so a token made for one does nothing else.</summary>
internal enum LinkPurpose { Unsubscribe, Confirm, Code }

/// <summary>An HMAC key of one purpose, encrypted with Data Protection. Never deleted: mail is kept, and its links must go on working.</summary>
internal sealed class LinkKey
{
    private LinkKey() { }

    public LinkPurpose Purpose { get; private set; }
    /// <summary>The <c>kid</c> in the tokens.</summary>
    public int Generation { get; private set; }
    public byte[] ProtectedSecret { get; private set; } = [];
    public DateTimeOffset CreatedAt { get; private set; }

    public static LinkKey Create(LinkPurpose purpose, int generation, byte[] protectedSecret, DateTimeOffset now) =>
        new() { Purpose = purpose, Generation = generation, ProtectedSecret = protectedSecret, CreatedAt = now };
}
