using Newsletter.Content.Texts;
using Newsletter.Contracts;

namespace Newsletter.Content.Pages;

/// <summary>A section of a digest with its entries. Entries whose section the text does not have follow at the end.</summary>
internal sealed record DigestPart(string Id, string Title, string Html, IReadOnlyList<EntrySnapshot> Entries)
{
    private const string Others = "More in this digest";

    public static IReadOnlyList<DigestPart> Of(Rendering rendering)
    {
        var written = rendering.Sections.Where(s => s.Title.Length > 0).ToList();
        var titles = written.Select(s => s.Title).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var parts = written.DistinctBy(s => s.Title, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(s => s.Id, s => rendering.Entries.Where(e => string.Equals(e.Section, s.Title, StringComparison.OrdinalIgnoreCase)).ToList());
        var unplaced = rendering.Entries.Where(e => !titles.Contains(e.Section)).GroupBy(e => e.Section.Length > 0 ? e.Section : Others);
        return
        [
            .. written.Select(s => new DigestPart(s.Id, s.Title, s.Html, parts.GetValueOrDefault(s.Id, []))),
            .. unplaced.Select((others, i) => new DigestPart($"section-{i + 1}", others.Key, "", [.. others])),
        ];
    }
}
