using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Newsletter.Defaults.Http;

/// <summary>A list as the API answers it. <see cref="Next"/> goes back as <c>?cursor=</c>; null at the end.</summary>
public sealed record ListPage<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Opaque to clients: the last row's sort key.</summary>
public static class Cursor
{
    public static string Of(string key) => WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(key));

    /// <summary>Null for none; throws <see cref="Microsoft.AspNetCore.Http.BadHttpRequestException"/> for one that we did not make.</summary>
    public static string? Read(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor)) return null;
        try
        {
            return Encoding.UTF8.GetString(WebEncoders.Base64UrlDecode(cursor));
        }
        catch (FormatException)
        {
            throw new Microsoft.AspNetCore.Http.BadHttpRequestException("The cursor is not one that this list gave.");
        }
    }
}
