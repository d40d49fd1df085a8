using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Caching.Memory;
using Newsletter.Console.Api;

namespace Newsletter.Console.SignIn;

/// <summary>Whom a session belongs to, as the API says; kept for some seconds, so that a page and its connection ask once.</summary>
internal sealed class Accounts(IHttpClientFactory clients, Newsletter.Defaults.Hosting.ServiceDirectory services) : IDisposable
{
    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(10);
    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    /// <summary>Null when the session is none, or is over.</summary>
    public async Task<Account?> FindAsync(string session, string? from, CancellationToken cancellation)
    {
        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(session)));
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

    public void Forget(string session) => _kept.Remove(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(session))));

    public void Dispose() => _kept.Dispose();
}
