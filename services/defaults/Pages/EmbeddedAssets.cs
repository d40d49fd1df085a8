using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Newsletter.Defaults.Identity;

namespace Newsletter.Defaults.Pages;

/// <summary>Stylesheets and scripts that are embedded in an assembly below <c>Assets/</c>. Their address carries a hash of their content, so they are cached for good.</summary>
/// <param name="path">Root-relative, without a trailing slash.</param>
public sealed class EmbeddedAssets(Assembly assembly, string path, params string[] names)
{
    /// <summary>Brotli's best takes a second for MudBlazor's stylesheet, and saves a fifth.</summary>
    private const int SmallBytes = 100_000;

    private readonly FrozenDictionary<string, Lazy<Asset>> _assets = names.ToFrozenDictionary(name => name, name => new Lazy<Asset>(() => Load(assembly, name)));

    /// <summary>The root-relative address of an asset.</summary>
    public string Url(string name) => $"{path}/{name}?v={_assets[name].Value.Hash}";

    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapMethods($"{path}/{{name}}", [HttpMethods.Get, HttpMethods.Head], Get).ForAnyone().ExcludeFromDescription();

    private Results<FileContentHttpResult, NotFound> Get(string name, string? v, HttpContext context)
    {
        if (!_assets.TryGetValue(name, out var known)) return TypedResults.NotFound();
        var asset = known.Value;
        var headers = context.Response.Headers;
        headers.Vary = HeaderNames.AcceptEncoding;
        // An address without the hash, or with that of another release, may not pin what it gets.
        headers.CacheControl = v == asset.Hash ? "public, max-age=31536000, immutable" : "public, max-age=300";
        var (encoding, body) = asset.For(context.Request);
        if (encoding is not null) headers.ContentEncoding = encoding;
        return TypedResults.Bytes(body, asset.ContentType, entityTag: new EntityTagHeaderValue($"\"{asset.Hash}-{encoding ?? "id"}\""));
    }

    private static Asset Load(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream($"Assets/{name}") ?? throw new InvalidOperationException($"The asset {name} is not embedded.");
        var plain = new byte[stream.Length];
        stream.ReadExactly(plain);
        var level = plain.Length < SmallBytes ? CompressionLevel.SmallestSize : CompressionLevel.Optimal;
        return new Asset(
            name.EndsWith(".css", StringComparison.Ordinal) ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8",
            Convert.ToHexStringLower(SHA256.HashData(plain))[..12],
            plain,
            new(() => Compress(plain, output => new BrotliStream(output, level))),
            new(() => Compress(plain, output => new GZipStream(output, level))));
    }

    private static byte[] Compress(byte[] plain, Func<Stream, Stream> compressor)
    {
        using var output = new MemoryStream();
        using (var compressing = compressor(output)) compressing.Write(plain);
        return output.ToArray();
    }

    private sealed record Asset(string ContentType, string Hash, byte[] Plain, Lazy<byte[]> Brotli, Lazy<byte[]> GZip)
    {
        public (string? Encoding, byte[] Body) For(HttpRequest request)
        {
            var accepted = request.GetTypedHeaders().AcceptEncoding;
            return Accepts("br") ? ("br", Brotli.Value) : Accepts("gzip") ? ("gzip", GZip.Value) : (null, Plain);

            bool Accepts(string encoding) => accepted.Any(it => it.Quality is not 0 && it.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase));
        }
    }
}
