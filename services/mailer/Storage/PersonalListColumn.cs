using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Newsletter.Defaults.Http;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Storage;

/// <summary>
/// A personal list as JSON. All batches of a variant read the same text, and reading it and making it ready for a provider anew cost a tenth of the sending:
/// so it is one list, which nobody changes.
/// </summary>
internal static class PersonalListColumn
{
    /// <summary>Of editions that go out at the same time, a hundred kilobytes or so each.</summary>
    private const int MostKept = 16;
    private static readonly ConcurrentDictionary<string, PersonalList> Kept = new();

    public static PropertyBuilder<PersonalList?> AsSharedJson(this PropertyBuilder<PersonalList?> property) =>
        property.HasConversion(list => JsonSerializer.Serialize(list, Json.Options), text => Read(text));

    private static PersonalList Read(string text)
    {
        if (Kept.TryGetValue(text, out var list)) return list;
        if (Kept.Count >= MostKept) Kept.Clear();
        return Kept.GetOrAdd(text, static t => JsonSerializer.Deserialize<PersonalList>(t, Json.Options)!);
    }
}
