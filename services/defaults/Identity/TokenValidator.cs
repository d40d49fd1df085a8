using System.Net.Http.Json;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Newsletter.Defaults.Hosting;

namespace Newsletter.Defaults.Identity;

/// <summary>Checks internal tokens against the keys that subscriber publishes at <c>/internal/jwks</c>.</summary>
public sealed class TokenValidator(ServiceDirectory services, IHttpClientFactory clients, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan RefreshKeysAfter = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan RefreshAtMostEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private static readonly JsonWebTokenHandler Handler = new() { MapInboundClaims = false };

    // A signature check costs 0.1 ms; the gateway sends the same token for up to a minute.
    private readonly MemoryCache _known = new(new MemoryCacheOptions { SizeLimit = 20_000 });
    private readonly SemaphoreSlim _refreshing = new(1, 1);
    private IList<SecurityKey> _keys = [];
    private DateTimeOffset _keysFrom = DateTimeOffset.MinValue;
    private DateTimeOffset _askedAt = DateTimeOffset.MinValue;

    /// <summary>Null for a token that is malformed, forged, expired or not for us.</summary>
    public async Task<Caller?> ValidateAsync(string token, CancellationToken cancellation)
    {
        if (token.Length > 4096 || !Handler.CanReadToken(token)) return null;
        if (_known.TryGetValue(token, out (Caller Caller, DateTimeOffset Until) known)) return known.Until > time.GetUtcNow() ? known.Caller : null;

        await RefreshAsync(RefreshKeysAfter, cancellation);
        var result = await CheckAsync(token);
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException)
        {
            await RefreshAsync(RefreshAtMostEvery, cancellation);
            result = await CheckAsync(token);
        }
        if (!result.IsValid || Caller.Of(result.ClaimsIdentity) is not { } caller) return null;
        var until = new DateTimeOffset(result.SecurityToken.ValidTo, TimeSpan.Zero);
        _known.Set(token, (caller, until), new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(5) });
        return caller;
    }

    public void Dispose()
    {
        _known.Dispose();
        _refreshing.Dispose();
    }

    private Task<TokenValidationResult> CheckAsync(string token) => Handler.ValidateTokenAsync(token, new TokenValidationParameters
    {
        ValidIssuer = TokenClaims.Issuer,
        ValidAudience = TokenClaims.Audience,
        ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
        IssuerSigningKeys = _keys,
        RequireExpirationTime = true,
        ClockSkew = TimeSpan.FromSeconds(5),
        LifetimeValidator = (from, until, _, _) =>
            until is { } end && end.AddSeconds(5) > time.GetUtcNow().UtcDateTime && (from is not { } start || start.AddSeconds(-5) <= time.GetUtcNow().UtcDateTime),
    });

    /// <summary>Asks subscriber for its keys. While it is away we go on with those we have, and ask again in a moment.</summary>
    private async Task RefreshAsync(TimeSpan olderThan, CancellationToken cancellation)
    {
        if (IsYounger(olderThan)) return;
        await _refreshing.WaitAsync(cancellation);
        try
        {
            if (IsYounger(olderThan)) return;
            using var client = clients.CreateClient("internal");
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            timeout.CancelAfter(AnswerWithin);
            _askedAt = time.GetUtcNow();
            var published = await client.GetStringAsync(new Uri(services.AddressOf("subscriber"), "/internal/jwks"), timeout.Token);
            _keys = new JsonWebKeySet(published).GetSigningKeys();
            _keysFrom = _askedAt;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            if (_keys.Count == 0) throw new KeysAwayException(e);
        }
        finally
        {
            _refreshing.Release();
        }
    }

    private bool IsYounger(TimeSpan age) =>
        _keys.Count > 0 && (time.GetUtcNow() - _keysFrom < age || time.GetUtcNow() - _askedAt < RefreshAtMostEvery);
}

/// <summary>Nobody can be let in, nor refused: subscriber, who publishes the keys, has not been reached since the start.</summary>
internal sealed class KeysAwayException(Exception inner) : Exception("The keys of tokens cannot be fetched.", inner);
