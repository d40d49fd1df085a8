using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Audit;

/// <summary>The database that keeps what an endpoint outside of publications changes, and with it the entry in the log.</summary>
public sealed record AuditScope(Type Db);

/// <summary>What is posted because it is long, and only looked at.</summary>
internal sealed record ChangesNothing;

/// <summary>
/// Every unsafe call of staff leaves an entry: with the change, before and after, where its handler saves tracked rows; else one without,
/// after it succeeded. What anybody may call without a token is no deed of staff.
/// </summary>
internal sealed class AuditMiddleware(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (http.Features.Get<Caller>() is not { IsStaff: true } caller || IsSafe(http.Request.Method) || DatabaseOf(http.GetEndpoint()) is not { } type)
        {
            await next(http);
            return;
        }
        var db = (ServiceDb)http.RequestServices.GetRequiredService(type);
        var call = db.StaffCall = StaffCall.Of(http, caller);
        await next(http);
        db.StaffCall = null;
        if (call.IsRecorded || http.Response.StatusCode is < 200 or >= 300) return;
        db.ChangeTracker.Clear();
        db.Publish(call.Entry([]));
        // It is done, whether or not the client waits for the answer.
        await db.SaveChangesAsync(CancellationToken.None);
    }

    private static Type? DatabaseOf(Endpoint? endpoint)
    {
        if (endpoint?.Metadata.GetMetadata<ChangesNothing>() is not null) return null;
        if (endpoint?.Metadata.GetMetadata<AuditScope>() is { } outside) return outside.Db;
        return endpoint?.Metadata.GetMetadata<AccessRule>() is { Kind: AccessKind.Staff } ? endpoint.Metadata.GetMetadata<PublicationScope>()?.Db : null;
    }

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
}

public static class AuditSetup
{
    /// <summary>For endpoints of staff that are on no publication.</summary>
    public static RouteHandlerBuilder AuditedIn<TDb>(this RouteHandlerBuilder endpoint) where TDb : ServiceDb => endpoint.WithMetadata(new AuditScope(typeof(TDb)));

    /// <summary>For a POST that only shows something: it leaves no entry.</summary>
    public static RouteHandlerBuilder ChangesNothing(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new ChangesNothing());

    /// <summary>For an endpoint that only finds out who calls: from here on it is their deed.</summary>
    public static void ActAs(this ServiceDb db, HttpContext http, Caller caller) => db.StaffCall = StaffCall.Of(http, caller);

    /// <summary>What tracked rows do not show of a call's work; tell it before the last save.</summary>
    public static void Note(this ServiceDb db, string entity, string? id, string property, string? before, string? after) =>
        db.StaffCall?.Note(new(entity, id, property, before, after));

    /// <summary>After the idempotency keys: an answer given again is no deed.</summary>
    internal static void UseAudit(this WebApplication app) => app.UseMiddleware<AuditMiddleware>();
}
