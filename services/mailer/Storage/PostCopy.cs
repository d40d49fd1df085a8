using System.Text.Json;
using Newsletter.Contracts;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Http;

namespace Newsletter.Mailer.Storage;

/// <summary>A post as content last told of it, with its cuts and entries.</summary>
public sealed class PostCopy : Copy<PostSnapshot>
{
    public string Slug { get; private set; } = "";
    public bool Published { get; private set; }
    public bool InRoundup { get; private set; }
    public DateTimeOffset? FirstPublishedAt { get; private set; }
    public string Body { get; private set; } = "";

    public PostSnapshot Snapshot => JsonSerializer.Deserialize<PostSnapshot>(Body, Json.Options)!;

    protected override void Fill(PostSnapshot snapshot)
    {
        Slug = snapshot.Slug;
        Published = snapshot.Published;
        InRoundup = snapshot.InRoundup;
        FirstPublishedAt = snapshot.FirstPublishedAt;
        Body = JsonSerializer.Serialize(snapshot, Json.Options);
    }

    protected override void Clear() => (Slug, Published, InRoundup, FirstPublishedAt, Body) = ("", false, false, null, "");
}
