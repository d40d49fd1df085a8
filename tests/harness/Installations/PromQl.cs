using System.Text.RegularExpressions;

namespace Newsletter.Tests.Harness.Installations;

/// <summary>Which metrics a query asks for: what is left of it without texts, label lists, functions, keywords and numbers.</summary>
public static partial class PromQl
{
    private static readonly HashSet<string> Keywords = ["and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right", "inf", "nan"];

    public static IReadOnlyList<string> MetricsOf(string query)
    {
        var bare = Labels().Replace(Ranges().Replace(Matchers().Replace(Texts().Replace(query, "\"\""), ""), ""), " ");
        return [.. Names().Matches(bare).Select(name => name.Value).Where(name => !Keywords.Contains(name)).Distinct()];
    }

    [GeneratedRegex("""(["'])(?:\\.|(?!\1).)*\1""")]
    private static partial Regex Texts();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Matchers();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Ranges();

    [GeneratedRegex(@"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")]
    private static partial Regex Labels();

    [GeneratedRegex(@"(?<![\w.:])[a-zA-Z_:][\w:]*(?![\w:]*\s*\()")]
    private static partial Regex Names();
}
