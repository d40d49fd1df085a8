using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Components;
using Newsletter.Console.SignIn;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Http;

namespace Newsletter.Console.Api;

/// <summary>The public API in the name of whoever looks at the page. Throws <see cref="ApiException"/>; a session that is over leads to the sign-in page.</summary>
internal sealed class NewsletterApi(IHttpClientFactory clients, ServiceDirectory services, StaffSession session, NavigationManager navigation)
{
    public async Task<T> GetAsync<T>(string path, CancellationToken cancellation = default)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, null, null, cancellation);
        return (await answer.Content.ReadFromJsonAsync<T>(Json.Options, cancellation))!;
    }

    /// <summary>Null where the API says that there is no such thing.</summary>
    public async Task<T?> FindAsync<T>(string path, CancellationToken cancellation = default) where T : class
    {
        try
        {
            return await GetAsync<T>(path, cancellation);
        }
        catch (ApiException e) when (e.Status == StatusCodes.Status404NotFound)
        {
            return null;
        }
    }

    public async Task<T> SendAsync<T>(HttpMethod method, string path, object? body = null, long? ifVersion = null, CancellationToken cancellation = default)
    {
        using var answer = await SendAsync(method, path, ContentOf(body), ifVersion is { } version ? h => h.IfMatch.Add(new($"\"{version}\"")) : null, cancellation);
        return (await answer.Content.ReadFromJsonAsync<T>(Json.Options, cancellation))!;
    }

    public async Task SendAsync(HttpMethod method, string path, object? body = null, CancellationToken cancellation = default)
    {
        using var _ = await SendAsync(method, path, ContentOf(body), null, cancellation);
    }

    /// <summary>The caller disposes the answer; its body is read as it comes.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, Action<HttpRequestHeaders>? headers, CancellationToken cancellation)
    {
        var (value, from) = await session.ReadAsync();
        try
        {
            return await new ApiCall(clients, services, value, from).SendAsync(method, path, body, headers, cancellation);
        }
        catch (ApiException e) when (e.Status == StatusCodes.Status401Unauthorized)
        {
            var here = new Uri(navigation.Uri);
            navigation.NavigateTo($"console/sign-in?return={Uri.EscapeDataString(here.PathAndQuery)}", forceLoad: true);
            throw;
        }
    }

    private static JsonContent? ContentOf(object? body) => body is null ? null : JsonContent.Create(body, body.GetType(), options: Json.Options);
}
