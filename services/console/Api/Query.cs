namespace Newsletter.Console.Api;

internal static class Query
{
    /// <summary>The query of what has a value, encoded, with its question mark.</summary>
    public static string Of(params (string Name, string? Value)[] parts)
    {
        var given = parts.Where(p => !string.IsNullOrWhiteSpace(p.Value)).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!.Trim())}").ToList();
        return given.Count == 0 ? "" : $"?{string.Join('&', given)}";
    }
}
