using Newsletter.Defaults.Audit;

namespace Newsletter.Mailer.Storage;

/// <summary>Whom letters of a publication come from. Without one: <c>{slug}@{mail domain}</c> under the publication's sender name.</summary>
/// <remarks>Mail leaves under its address only once the domain is verified: see <see cref="SenderDomain"/>.</remarks>
[Audited]
public sealed class Sender
{
    private Sender() { }

    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    /// <summary>Null: all newsletters of the publication without a sender of their own.</summary>
    public Guid? NewsletterId { get; private set; }
    public string Name { get; private set; } = "";
    public string Address { get; private set; } = "";
    public string? ReplyTo { get; private set; }

    public string Domain => MailDomain.Of(Address) ?? "";

    public static Sender Of(Guid publication, Guid? newsletter, string name, string address, string? replyTo, TimeProvider time) => new()
    {
        Id = Guid.CreateVersion7(time.GetUtcNow()),
        PublicationId = publication,
        NewsletterId = newsletter,
        Name = name,
        Address = address,
        ReplyTo = replyTo,
    };
}
