using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Caching.Memory;
using Newsletter.Console.Api;

namespace Newsletter.Console.SignIn;

/// <summary>Whom a session belongs to, as the API says; kept for some seconds, so that a page and its connection ask once.</summary>
internal sealed class Accounts(IHttpClientFactory clients, Newsletter.Defaults.Hosting.ServiceDirectory services) : IDisposable
{
    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Over = TimeSpan.FromMinutes(2);
    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    /// <summary>Null when the session is none, or is over.</summary>
    public async Task<Account?> FindAsync(string session, string? from, CancellationToken cancellation)
    {
        var key = KeyOf(session);
        if (_kept.TryGetValue(key, out Account? known)) return known;
        var api = new ApiCall(clients, services, session, from);
        try
        {
            var account = await api.GetAsync<Account>("account", cancellation);
            _kept.Set(key, account, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Keep });
            return account;
        }
        catch (ApiException e) when (e.Status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden)
        {
            return null;
        }
    }

    /// <summary>Whoever signs out is out at once: the gateway knows the session for up to a minute more.</summary>
    public void SignOut(string session) => _kept.Set(KeyOf(session), (Account?)null, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Over });

    public void Dispose() => _kept.Dispose();

    private static string KeyOf(string session) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(session)));
}
