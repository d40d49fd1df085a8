using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Newsletter.Defaults.Identity;

namespace Newsletter.Defaults.Pages;

/// <summary>The stylesheet and the script of the reader pages. Their address carries a hash of their content, so they are cached for good.</summary>
public static class SiteAssets
{
    private static readonly FrozenDictionary<string, Asset> Assets = new[]
    {
        Load("site.css", "text/css; charset=utf-8"),
        Load("site.js", "text/javascript; charset=utf-8"),
    }.ToFrozenDictionary(asset => asset.Name);

    /// <summary>The root-relative address of an asset, the same for every publication.</summary>
    public static string Url(string name) => Assets[name].Url;

    public static IEndpointRouteBuilder MapSiteAssets(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/assets/{name}", [HttpMethods.Get, HttpMethods.Head], Get)
            .ForAnyone()
            .ExcludeFromDescription();
        return routes;
    }

    private static Results<FileContentHttpResult, NotFound> Get(string name, string? v, HttpContext context)
    {
        if (!Assets.TryGetValue(name, out var asset))
        {
            return TypedResults.NotFound();
        }

        var headers = context.Response.Headers;
        headers.Vary = HeaderNames.AcceptEncoding;
        // An address without the hash, or with that of another release, may not pin what it gets.
        headers.CacheControl = v == asset.Hash ? "public, max-age=31536000, immutable" : "public, max-age=300";

        var (encoding, body) = asset.For(context.Request);
        if (encoding is not null)
        {
            headers.ContentEncoding = encoding;
        }

        return TypedResults.Bytes(body, asset.ContentType, entityTag: new EntityTagHeaderValue($"\"{asset.Hash}-{encoding ?? "id"}\""));
    }

    private static Asset Load(string name, string contentType)
    {
        using var stream = typeof(SiteAssets).Assembly.GetManifestResourceStream($"Assets/{name}")
            ?? throw new InvalidOperationException($"The asset {name} is not embedded.");
        var plain = new byte[stream.Length];
        stream.ReadExactly(plain);

        return new Asset(
            name,
            contentType,
            Convert.ToHexStringLower(SHA256.HashData(plain))[..12],
            plain,
            Compress(plain, output => new BrotliStream(output, CompressionLevel.SmallestSize)),
            Compress(plain, output => new GZipStream(output, CompressionLevel.SmallestSize)));
    }

    private static byte[] Compress(byte[] plain, Func<Stream, Stream> compressor)
    {
        using var output = new MemoryStream();
        using (var compressing = compressor(output))
        {
            compressing.Write(plain);
        }

        return output.ToArray();
    }

    private sealed record Asset(string Name, string ContentType, string Hash, byte[] Plain, byte[] Brotli, byte[] GZip)
    {
        public string Url => $"/assets/{Name}?v={Hash}";

        public (string? Encoding, byte[] Body) For(HttpRequest request)
        {
            var accepted = request.GetTypedHeaders().AcceptEncoding;
            return Accepts("br") ? ("br", Brotli) : Accepts("gzip") ? ("gzip", GZip) : (null, Plain);

            bool Accepts(string encoding) => accepted.Any(it => it.Quality is not 0 && it.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase));
        }
    }
}
