using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Keys;

/// <param name="Scopes">Permissions; none: all that the role may.</param>
public sealed record NewKey([Required, StringLength(100, MinimumLength = 1), PersonName] string Name, [Required] Role? Role, [MaxLength(50)] IReadOnlyList<string>? Scopes, DateTimeOffset? ExpiresAt);

internal sealed record KeyView(Guid Id, string Name, string Hint, Role Role, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt)
{
    public static KeyView Of(ApiKey k) => new(k.Id, k.Name, k.Hint, k.Role, k.Scopes, k.CreatedAt, k.ExpiresAt, k.RevokedAt);
}

/// <param name="Key">Shown this once.</param>
internal sealed record CreatedKey(string Key, KeyView Details);

/// <summary>A publication's API keys. Nobody makes one that may more than they do.</summary>
internal static class KeyEndpoints
{
    public static void MapKeys(this RouteGroupBuilder api)
    {
        api.MapGet("/keys", ListAsync).ForStaff(Permission.KeysWrite);
        api.MapPost("/keys", CreateAsync).ForStaff(Permission.KeysWrite).ShownOnce();
        api.MapDelete("/keys/{id:guid}", RevokeAsync).ForStaff(Permission.KeysWrite);
    }

    private static async Task<Results<Ok<ListPage<KeyView>>, ValidationProblem>> ListAsync(
        string? cursor, [Range(1, 100)] int? limit, CurrentPublication publication, SubscriberDb db, CancellationToken cancellation)
    {
        var query = db.ApiKeys.AsNoTracking().Where(k => k.PublicationId == publication.Id);
        if (Cursor.Read(cursor) is { } after)
        {
            if (!Guid.TryParse(after, out var last)) return Problem.Field("cursor", "The cursor is not one that this list gave.");
            query = query.Where(k => k.Id.CompareTo(last) < 0);
        }
        var take = limit ?? 50;
        var rows = await query.OrderByDescending(k => k.Id).Take(take + 1).ToListAsync(cancellation);
        return TypedResults.Ok(new ListPage<KeyView>(rows.Take(take).Select(KeyView.Of).ToList(), rows.Count > take ? Cursor.Of(rows[take - 1].Id.ToString()) : null));
    }

    private static async Task<Results<Created<CreatedKey>, ValidationProblem, ProblemHttpResult>> CreateAsync(
        NewKey request, CurrentPublication publication, Caller caller, SubscriberDb db, TimeProvider time, HttpResponse response, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (request.Role is not (Role.Author or Role.Editor or Role.Owner)) return Problem.Field("role", "A key is an author's, an editor's or an owner's.");
        var scopes = (request.Scopes ?? []).Distinct().ToList();
        if (scopes.Any(s => !Permission.Of[request.Role.Value].Contains(s))) return Problem.Field("scopes", "A scope is not one that the role has.");
        if (request.ExpiresAt <= now) return Problem.Field("expiresAt", "The key would be over before it begins.");
        IEnumerable<string> may = scopes.Count > 0 ? scopes : Permission.Of[request.Role.Value];
        if (!may.All(caller.May)) return Problem.Forbidden("A key may not do more than whoever makes it.");

        var secret = Secret.New(SessionCookie.ApiKeyPrefix);
        var key = ApiKey.Create(secret, publication.Id, request.Name.Trim(), request.Role.Value, scopes, await AccountBehindAsync(caller, db, cancellation), now, request.ExpiresAt);
        db.Add(key);
        await db.SaveChangesAsync(cancellation);
        response.Headers.CacheControl = "no-store";
        return TypedResults.Created($"/api/v1/publications/{publication.Slug}/keys/{key.Id}", new CreatedKey(secret, KeyView.Of(key)));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(
        Guid id, CurrentPublication publication, SubscriberDb db, TimeProvider time, CancellationToken cancellation)
    {
        if (await db.ApiKeys.SingleOrDefaultAsync(k => k.Id == id && k.PublicationId == publication.Id, cancellation) is not { } key)
            return Problem.NotFound("There is no such key.");
        key.Revoke(time.GetUtcNow());
        await db.SaveChangesAsync(cancellation);
        return TypedResults.NoContent();
    }

    /// <summary>The person: staff themselves, or who made the key that is used.</summary>
    internal static async Task<Guid?> AccountBehindAsync(Caller caller, SubscriberDb db, CancellationToken cancellation)
    {
        var key = await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Id == caller.Session, cancellation);
        return key is null ? caller.Subject : key.CreatedBy;
    }
}
