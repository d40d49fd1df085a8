using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Subscriber.Keys;
using Newsletter.Subscriber.Sessions;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Tokens;

// Public like every request here: the validation of .NET 10 passes over internal types without a word.
/// <param name="Credential">A session cookie's value or an API key.</param>
/// <param name="PublicationId">None for calls on the installation.</param>
public sealed record TokenRequest([Required, StringLength(512)] string Credential, Guid? PublicationId);

internal sealed record IssuedToken(string Token, DateTimeOffset ExpiresAt);

/// <summary>RFC 7517.</summary>
internal sealed record PublishedKeys(IReadOnlyList<PublishedKey> Keys);

internal sealed record PublishedKey(string Kty, string Crv, string Use, string Alg, string Kid, string X, string Y)
{
    public static PublishedKey Of(ECDsaSecurityKey key)
    {
        var point = key.ECDsa.ExportParameters(includePrivateParameters: false).Q;
        return new("EC", "P-256", "sig", SecurityAlgorithms.EcdsaSha256, key.KeyId, Base64UrlEncoder.Encode(point.X), Base64UrlEncoder.Encode(point.Y));
    }
}

/// <summary>Where the gateway exchanges a cookie or a key for a short-lived token, and where services find the keys to check it by.</summary>
internal static class TokenEndpoints
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);
    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    public static void MapTokens(this WebApplication app)
    {
        app.MapPost("/internal/token", IssueAsync).ForServices();
        app.MapGet("/internal/jwks", PublishKeysAsync).ForServices();
    }

    private static async Task<Results<Ok<IssuedToken>, ProblemHttpResult>> IssueAsync(
        TokenRequest request, SubscriberDb db, SigningKeys keys, TimeProvider time, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var hash = Secret.Hash(request.Credential);
        if (request.Credential.StartsWith(SessionCookie.ValuePrefix, StringComparison.Ordinal))
        {
            var session = await db.Sessions.SingleOrDefaultAsync(s => s.Hash == hash && s.ExpiresAt > now, cancellation);
            if (session is null) return Problem.Unauthorized("The session has ended.");
            if (await CallerOfAsync(session, request.PublicationId, db, cancellation) is not { } caller) return NotForThisPublication();
            if (session.Seen(now)) await db.SaveChangesAsync(cancellation);
            return await SignAsync(caller, keys, now, cancellation);
        }
        var key = await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Hash == hash, cancellation);
        if (key is null || !key.IsGoodAt(now)) return Problem.Unauthorized("The key is not valid.");
        return CallerOf(key, request.PublicationId) is { } holder ? await SignAsync(holder, keys, now, cancellation) : NotForThisPublication();
    }

    private static async Task<Ok<PublishedKeys>> PublishKeysAsync(SigningKeys keys, CancellationToken cancellation)
    {
        var ring = await keys.ReadAsync(cancellation);
        return TypedResults.Ok(new PublishedKeys(ring.Published.Select(PublishedKey.Of).ToList()));
    }

    private static ProblemHttpResult NotForThisPublication() => Problem.NotFound("The credential is for another publication.");

    private static async Task<Caller?> CallerOfAsync(Session session, Guid? publication, SubscriberDb db, CancellationToken cancellation)
    {
        if (session.SubscriberId is { } reader)
            return session.PublicationId == publication ? new(Role.Reader, reader, publication, session.Id, []) : null;
        var account = await db.StaffAccounts.AsNoTracking().SingleAsync(a => a.Id == session.AccountId, cancellation);
        if (account.IsOperator) return new(Role.Operator, account.Id, publication, session.Id, []);
        if (publication is null) return Themselves(account.Id, session.Id);
        var membership = await db.Memberships.AsNoTracking()
            .SingleOrDefaultAsync(m => m.AccountId == account.Id && m.PublicationId == publication, cancellation);
        return membership is null ? null : new(membership.Role, account.Id, publication, session.Id, []);
    }

    private static Caller? CallerOf(ApiKey key, Guid? publication) => key switch
    {
        { PublicationId: null } => new(key.Role, key.Id, publication, key.Id, key.Scopes),
        _ when key.PublicationId == publication => new(key.Role, key.Id, publication, key.Id, key.Scopes),
        _ when publication is null => Themselves(key.Id, key.Id),
        _ => null,
    };

    /// <summary>Outside a publication, staff may ask who they are and nothing else: the scope is none that any permission has.</summary>
    private static Caller Themselves(Guid subject, Guid session) => new(Role.Author, subject, null, session, ["account:self"]);

    private static async Task<Ok<IssuedToken>> SignAsync(Caller caller, SigningKeys keys, DateTimeOffset now, CancellationToken cancellation)
    {
        var until = now + Lifetime;
        var claims = new Dictionary<string, object>
        {
            [TokenClaims.Subject] = caller.Subject.ToString(),
            [TokenClaims.Role] = caller.Role.ToString().ToLowerInvariant(),
            [TokenClaims.Session] = caller.Session.ToString(),
            [TokenClaims.Scope] = string.Join(' ', caller.Scopes),
        };
        if (caller.PublicationId is { } publication) claims[TokenClaims.Publication] = publication.ToString();
        var token = Handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = TokenClaims.Issuer,
            Audience = TokenClaims.Audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = until.UtcDateTime,
            Claims = claims,
            SigningCredentials = (await keys.ReadAsync(cancellation)).Current,
        });
        return TypedResults.Ok(new IssuedToken(token, until));
    }
}
