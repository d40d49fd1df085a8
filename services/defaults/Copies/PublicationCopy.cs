using System.Text.Json;
using MassTransit;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Copies;

/// <summary>The tenants as content last told of them; what routes are resolved by.</summary>
public sealed class PublicationCopy : Copy<PublicationSnapshot>
{
    public string Slug { get; private set; } = "";
    public string Body { get; private set; } = "";

    public PublicationSnapshot Snapshot => JsonSerializer.Deserialize<PublicationSnapshot>(Body, Json.Options)!;

    protected override void Fill(PublicationSnapshot snapshot)
    {
        Slug = snapshot.Slug;
        Body = JsonSerializer.Serialize(snapshot, Json.Options);
    }

    protected override void Clear() => (Slug, Body) = ("", "");
}

/// <summary>A service derives its own, so that each has its queue: <c>sealed class PublicationConsumer(MailerDb db) : PublicationCopyConsumer&lt;MailerDb&gt;(db);</c></summary>
public abstract class PublicationCopyConsumer<TDb>(TDb db)
    : CopyConsumer<TDb, PublicationChanged, PublicationSnapshot, PublicationCopy>(db), IConsumer<PublicationChanged> where TDb : ServiceDb
{
    protected override IReadOnlyList<PublicationSnapshot> SnapshotsOf(PublicationChanged changed) => [changed.Publication];
}
