using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Http;

/// <summary>
/// <c>Idempotency-Key</c> on unsafe calls of a publication's API: the first call does the work, every later one with the same key and body
/// gets its answer again. The answer is kept after the work is committed; a process that dies in between leaves a claim that is given up after a minute.
/// </summary>
internal sealed class Idempotency(RequestDelegate next, IServiceScopeFactory scopes, TimeProvider time)
{
    private const string KeyHeader = "Idempotency-Key";
    private const string ReplayedHeader = "Idempotency-Replayed";
    private const int LongestKey = 255;

    public async Task InvokeAsync(HttpContext http)
    {
        if (!http.Request.Headers.TryGetValue(KeyHeader, out var header) || IsSafe(http.Request.Method) || !http.Request.Path.StartsWithSegments("/api")
            || http.GetEndpoint()?.Metadata.GetMetadata<PublicationScope>() is not { } publication)
        {
            await next(http);
            return;
        }
        var key = header.ToString();
        if (key.Length is 0 or > LongestKey)
        {
            await Problem.BadRequest($"{KeyHeader} must have 1 to {LongestKey} characters.").ExecuteAsync(http);
            return;
        }

        var requestHash = await HashAsync(http.Request, http.RequestAborted);
        await using var scope = scopes.CreateAsyncScope();
        var db = (ServiceDb)scope.ServiceProvider.GetRequiredService(publication.Db);
        var call = new IdempotentCall(ScopeOf(http), key, requestHash, Now);
        if (await ClaimAsync(db, call, http.RequestAborted) is { } earlier) await RepeatAsync(http, earlier, requestHash);
        else await CarryOutAsync(http, db, call);
    }

    // Both databases keep microseconds.
    private DateTimeOffset Now => new(time.GetUtcNow().Ticks / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    /// <summary>Null when the call is ours to carry out; else the call that came before.</summary>
    private static async Task<IdempotentCall?> ClaimAsync(ServiceDb db, IdempotentCall call, CancellationToken cancellation)
    {
        while (true)
        {
            var earlier = await db.IdempotentCalls.AsNoTracking().SingleOrDefaultAsync(c => c.Scope == call.Scope && c.Key == call.Key, cancellation);
            if (earlier is not null)
            {
                if (!earlier.IsOver(call.StartedAt)) return earlier;
                if (await earlier.TakeOverAsync(db, call.RequestHash, call.StartedAt, cancellation)) return null;
                continue;
            }
            try
            {
                db.Add(call);
                await db.SaveChangesAsync(cancellation);
                db.ChangeTracker.Clear();
                return null;
            }
            catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
            {
                db.ChangeTracker.Clear();
            }
        }
    }

    private async Task CarryOutAsync(HttpContext http, ServiceDb db, IdempotentCall call)
    {
        var client = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var answer = new MemoryStream();
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer, client));
        var done = false;
        try
        {
            await next(http);
            await http.Response.CompleteAsync();
            done = http.Response.StatusCode is < 500 and not StatusCodes.Status429TooManyRequests;
        }
        finally
        {
            http.Features.Set(client);
            // The work is done or undone by now: whether the client still listens does not matter.
            var own = db.IdempotentCalls.Where(c => c.Scope == call.Scope && c.Key == call.Key && c.StartedAt == call.StartedAt);
            if (!done) await own.ExecuteDeleteAsync(CancellationToken.None);
            else if (await own.SingleOrDefaultAsync(CancellationToken.None) is { } kept)
            {
                kept.Answered(http.Response.StatusCode, http.Response.ContentType, http.Response.Headers.Location, HoldsSecret(http) ? null : answer.ToArray());
                await db.SaveChangesAsync(CancellationToken.None);
            }
        }
        answer.Position = 0;
        await answer.CopyToAsync(http.Response.Body, http.RequestAborted);
    }

    /// <summary>A refusal does not.</summary>
    private static bool HoldsSecret(HttpContext http) => http.Response.StatusCode < 300 && http.GetEndpoint()?.Metadata.GetMetadata<ShownOnceMetadata>() is not null;

    private static async Task RepeatAsync(HttpContext http, IdempotentCall earlier, string requestHash)
    {
        if (earlier.RequestHash != requestHash)
        {
            await Problem.Of(StatusCodes.Status422UnprocessableEntity, $"This {KeyHeader} was used for another request.").ExecuteAsync(http);
            return;
        }
        if (earlier.Status is not { } status)
        {
            http.Response.Headers.RetryAfter = "1";
            await Problem.Conflict($"The first request with this {KeyHeader} is still under way.").ExecuteAsync(http);
            return;
        }
        http.Response.Headers[ReplayedHeader] = "true";
        if (earlier.Body is not { } body)
        {
            await Problem.Conflict("This was carried out before; its answer was not kept: it is too long, or was to be shown once.").ExecuteAsync(http);
            return;
        }
        http.Response.StatusCode = status;
        http.Response.ContentType = earlier.ContentType;
        if (earlier.Location is not null) http.Response.Headers.Location = earlier.Location;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    private static string ScopeOf(HttpContext http)
    {
        var caller = http.Features.Get<Caller>()?.Subject.ToString() ?? "anyone";
        var publication = http.Features.GetRequiredFeature<CurrentPublication>().Id;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{publication} {caller} {http.Request.Method} {http.Request.Path}")));
    }

    private static async Task<string> HashAsync(HttpRequest request, CancellationToken cancellation)
    {
        request.EnableBuffering();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.QueryString}\n"));
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellation)) > 0) hash.AppendData(buffer.AsSpan(0, read));
        request.Body.Position = 0;
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

internal sealed class ShownOnceMetadata;

public static class IdempotencySetup
{
    /// <summary>The answer holds a secret that we ourselves keep hashed or not at all: it is not kept for those who ask again with the same key.</summary>
    public static T ShownOnce<T>(this T endpoint) where T : IEndpointConventionBuilder => endpoint.WithMetadata(new ShownOnceMetadata());

    /// <summary>After the access rules: a key belongs to a publication and a caller.</summary>
    internal static void UseIdempotency(this WebApplication app) => app.UseMiddleware<Idempotency>();
}
