using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Caching.Memory;
using Newsletter.Defaults.Hosting;

namespace Newsletter.Gateway.Tokens;

/// <summary>
/// Exchanges a session or an API key for an internal token at subscriber, and keeps it for at most a minute:
/// so sign-out everywhere and a lost role take effect within one.
/// </summary>
internal sealed class TokenExchange(ServiceDirectory services, IHttpClientFactory clients, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan KeepRefusal = TimeSpan.FromSeconds(5);
    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = 50_000 });

    /// <summary>Null when the credential is not good (for this publication).</summary>
    public async ValueTask<string?> ExchangeAsync(string credential, Guid? publication, CancellationToken cancellation)
    {
        // Credentials are not kept in memory, only their hashes.
        var key = (Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(credential))), publication);
        if (_kept.TryGetValue(key, out Kept? kept) && kept!.Until > time.GetUtcNow()) return kept.Token;

        using var client = clients.CreateClient("internal");
        using var answer = await client.PostAsJsonAsync(
            new Uri(services.AddressOf("subscriber"), "/internal/token"), new TokenRequest(credential, publication), Defaults.Http.Json.Options, cancellation);
        if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest) return Remember(key, null, time.GetUtcNow() + KeepRefusal);
        answer.EnsureSuccessStatusCode();
        var issued = await answer.Content.ReadFromJsonAsync<TokenAnswer>(Defaults.Http.Json.Options, cancellation);
        var until = time.GetUtcNow() + Keep;
        return Remember(key, issued!.Token, issued.ExpiresAt < until ? issued.ExpiresAt : until);
    }

    public void Dispose() => _kept.Dispose();

    private string? Remember(object key, string? token, DateTimeOffset until)
    {
        _kept.Set(key, new Kept(token, until), new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Keep });
        return token;
    }

    private sealed record Kept(string? Token, DateTimeOffset Until);
    private sealed record TokenRequest(string Credential, Guid? PublicationId);
    private sealed record TokenAnswer(string Token, DateTimeOffset ExpiresAt);
}
