using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Newsletter.Seeds;

/// <summary>A Markdown file with front matter, and beside it, for a digest, its entries.</summary>
internal sealed class SeedPost
{
    private const string Fence = "---\n";

    private SeedPost(FrontMatter head, string body, JsonArray entries) => (Head, Body, Entries) = (head, body, entries);

    public string Slug => Head.Slug;

    /// <summary>Noon in UTC, so that the day is the same in nearly every zone.</summary>
    public string PublishedAt => $"{DateOnly.ParseExact(Head.Date, "yyyy-MM-dd", CultureInfo.InvariantCulture):yyyy-MM-dd}T12:00:00Z";

    private FrontMatter Head { get; }
    private string Body { get; }
    private JsonArray Entries { get; }

    public static SeedPost Read(string file)
    {
        var text = File.ReadAllText(file).ReplaceLineEndings("\n");
        var end = text.IndexOf("\n" + Fence, Fence.Length, StringComparison.Ordinal);
        if (!text.StartsWith(Fence, StringComparison.Ordinal) || end < 0) throw new FormatException($"{Path.GetFileName(file)} has no front matter.");
        var yaml = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).Build();
        var head = yaml.Deserialize<FrontMatter>(text[Fence.Length..end]);
        var entries = Path.ChangeExtension(file, ".entries.json");
        return new(head, text[(end + 1 + Fence.Length)..], File.Exists(entries) ? JsonNode.Parse(File.ReadAllText(entries))!.AsArray() : []);
    }

    public JsonObject ToJson() => new()
    {
        ["title"] = Head.Title,
        ["slug"] = Head.Slug,
        ["kind"] = Head.Kind,
        ["body"] = Body,
        ["summary"] = Head.Summary,
        ["authors"] = Texts(Head.Authors),
        ["topics"] = Texts(Head.Topics),
        ["access"] = Head.Access,
        ["keepOpen"] = Head.KeepOpen,
        ["entries"] = Entries.DeepClone(),
    };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => JsonValue.Create(t))]);

    private sealed class FrontMatter
    {
        public string Title { get; set; } = "";
        public string Slug { get; set; } = "";
        public string Kind { get; set; } = "";
        public string Date { get; set; } = "";
        public string Access { get; set; } = "";
        public bool KeepOpen { get; set; }
        public List<string> Topics { get; set; } = [];
        public List<string> Authors { get; set; } = [];
        public string Summary { get; set; } = "";
    }
}
