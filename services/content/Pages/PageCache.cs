using System.Security.Cryptography;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Net.Http.Headers;

namespace Newsletter.Content.Pages;

/// <summary>
/// Whole pages in memory. A key names everything that the page shows: versions, the gate's decision, the kind of viewer. Nothing personal is
/// ever on a page of ours, so signed-in readers share them here, while outside no shared cache may keep theirs.
/// </summary>
internal sealed class PageCache(PageRenderer renderer) : IDisposable
{
    private const long MostBytes = 48 << 20;
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(10);
    private readonly MemoryCache _pages = new(new MemoryCacheOptions { SizeLimit = MostBytes });

    public void Dispose() => _pages.Dispose();

    public async ValueTask<CachedPage> GetAsync<TPage>(object key, Func<Task<Dictionary<string, object?>>> parameters, TimeSpan? keepFor = null) where TPage : IComponent
    {
        if (_pages.TryGetValue(key, out CachedPage? known)) return known!;
        var page = CachedPage.Of(await renderer.RenderAsync<TPage>(await parameters()));
        _pages.Set(key, page, new MemoryCacheEntryOptions { Size = page.Bytes.Length + 512, AbsoluteExpirationRelativeToNow = keepFor ?? KeepFor });
        return page;
    }
}

internal sealed record CachedPage(byte[] Bytes, EntityTagHeaderValue ETag)
{
    public static CachedPage Of(byte[] bytes) => new(bytes, new($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}\""));

    public IResult ToResult(HttpContext http, bool isPersonal, string contentType = "text/html; charset=utf-8", int status = StatusCodes.Status200OK)
    {
        var headers = http.Response.Headers;
        headers.CacheControl = isPersonal ? "private, no-store" : "public, max-age=0, s-maxage=30";
        headers.Append(HeaderNames.Vary, HeaderNames.Cookie);
        if (status != StatusCodes.Status200OK) return new WithStatus(TypedResults.Bytes(Bytes, contentType), status);
        return TypedResults.Bytes(Bytes, contentType, entityTag: isPersonal ? null : ETag);
    }

    private sealed class WithStatus(IResult result, int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            return result.ExecuteAsync(httpContext);
        }
    }
}
