using Newsletter.Subscriber.Addresses;

namespace Newsletter.Subscriber.Pages;

internal static class FormValues
{
    public static Cadence? Cadence(this IFormCollection form) => form["cadence"].ToString() switch
    {
        "every_post" => Newsletter.Subscriber.Cadence.EveryPost,
        "weekly" => Newsletter.Subscriber.Cadence.Weekly,
        "none" => Newsletter.Subscriber.Cadence.None,
        _ => null,
    };

    /// <summary>The values of a group of check boxes; none, where what came cannot be from our form.</summary>
    public static IReadOnlyList<string> Slugs(this IFormCollection form, string name)
    {
        var values = form[name].OfType<string>().Distinct().ToList();
        return Rules.AreSlugs(values) ? values : [];
    }

    /// <summary>A path of the publication to go on with, or null for what would lead elsewhere.</summary>
    public static string? LocalPath(string baseUrl, string? path)
    {
        if (string.IsNullOrEmpty(path) || path.Length > 500 || path[0] != '/' || path.Any(c => char.IsControl(c) || c == '\\')) return null;
        var prefix = new Uri(baseUrl).AbsolutePath.TrimEnd('/');
        if (prefix.Length > 0 && path.StartsWith(prefix + "/", StringComparison.Ordinal)) path = path[prefix.Length..];
        return path.StartsWith("//", StringComparison.Ordinal) ? null : path;
    }
}
