using System.Text.Json;
using Newsletter.Console.Api;
using Newsletter.Defaults.Http;

namespace Newsletter.Console.Editing;

/// <summary>A post as it stands in the editor.</summary>
public sealed class PostDraft
{
    public string Title { get; set; } = "";
    public string? Slug { get; set; }
    public string Kind { get; set; } = "article";
    public string Body { get; set; } = "";
    public string Summary { get; set; } = "";
    public string Authors { get; set; } = "";
    public HashSet<string> Topics { get; set; } = [];
    public string Access { get; set; } = "public";
    public HashSet<string> Tiers { get; set; } = [];
    public bool KeepOpen { get; set; }
    public string? Newsletter { get; set; }
    public List<PostEntry> Entries { get; set; } = [];

    /// <summary>The version that it began from; none for a post that was never saved.</summary>
    public long? Version { get; set; }

    public static PostDraft Of(PostSource source) => new()
    {
        Title = source.Title,
        Slug = source.Slug,
        Kind = source.Kind,
        // As the browser's field has it.
        Body = source.Body.ReplaceLineEndings("\n"),
        Summary = source.Summary,
        Authors = string.Join(", ", source.Authors),
        Topics = [.. source.Topics],
        Access = source.Access,
        Tiers = [.. source.Tiers],
        KeepOpen = source.KeepOpen,
        Newsletter = source.Newsletter,
        Entries = [.. source.Entries],
        Version = source.Version,
    };

    /// <param name="title">For a preview, which a post without a title has, too.</param>
    internal PostRequest ToRequest(string? title = null) => new(
        title ?? Title.Trim(), string.IsNullOrWhiteSpace(Slug) ? null : Slug.Trim(), Kind, Body, Summary.Trim(), List(Authors), [.. Topics], Access,
        Access == "paid" ? [.. Tiers] : [], KeepOpen, string.IsNullOrEmpty(Newsletter) ? null : Newsletter, Kind == "digest" ? Entries : []);

    public static List<string> List(string commas) => [.. commas.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    /// <summary>For telling whether anything changed.</summary>
    public string Fingerprint() => FingerprintOf(ToRequest());

    internal static string FingerprintOf(PostRequest request) => JsonSerializer.Serialize(request, Json.Options);
}

/// <summary>A draft as this browser keeps it.</summary>
internal sealed record KeptDraft(DateTimeOffset At, string Body, PostDraft? Fields);
