using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Audit;

/// <summary>What the log is asked for; all that is set must hold.</summary>
/// <param name="Q">A part of what was done, to what, by whom, or of a value before or after.</param>
/// <param name="Who">An account, and with it what its keys did; or one key.</param>
/// <param name="Action">As entries have it: <c>PUT posts/{slug}</c>.</param>
/// <param name="Target">As entries have it, or its first segments: <c>posts/hello</c>.</param>
public sealed record AuditQuery(
    [StringLength(200)] string? Q, Guid? Who, [StringLength(200)] string? Action, [FromQuery(Name = "object"), StringLength(300)] string? Target,
    DateTimeOffset? From, DateTimeOffset? To, string? Cursor, [Range(1, 100)] int? Limit);

internal enum ActorKind { Account, Key }

/// <param name="Email">The account's, or of the account that made the key.</param>
/// <param name="Name">The key's.</param>
internal sealed record Actor(Guid? Id, ActorKind Kind, string? Email, string? Name);

internal sealed record AuditView(
    Guid Id, DateTimeOffset At, Actor Who, string Role, string Action, [property: JsonPropertyName("object")] string Target, string? From, string? TraceId, IReadOnlyList<StaffChange> Changes);

/// <summary>Who did what: of a publication for its owners, of the installation for operators.</summary>
internal static class AuditEndpoints
{
    public static void MapAudit(this WebApplication app, RouteGroupBuilder api)
    {
        api.MapGet("/audit", OfPublicationAsync).ForStaff(Permission.AuditRead);
        app.MapGet("/api/v1/audit", OfInstallationAsync).ForStaff(Permission.Operate);
    }

    private static Task<Results<Ok<ListPage<AuditView>>, ValidationProblem>> OfPublicationAsync(
        [AsParameters] AuditQuery query, CurrentPublication publication, SubscriberDb db, CancellationToken cancellation) =>
        ListAsync(query, publication.Id, db, cancellation);

    /// <summary>Calls that are on no publication: sign-ins, publications made.</summary>
    private static Task<Results<Ok<ListPage<AuditView>>, ValidationProblem>> OfInstallationAsync(
        [AsParameters] AuditQuery query, SubscriberDb db, CancellationToken cancellation) => ListAsync(query, null, db, cancellation);

    private static async Task<Results<Ok<ListPage<AuditView>>, ValidationProblem>> ListAsync(
        AuditQuery query, Guid? publication, SubscriberDb db, CancellationToken cancellation)
    {
        if (new[] { query.Q, query.Action, query.Target }.Any(text => text?.Any(char.IsControl) == true))
            return Problem.Field("q", "There is nothing to find by a control character.");
        var entries = Matching(db.AuditEntries.AsNoTracking().Where(e => e.PublicationId == publication), query);
        if (Cursor.Read(query.Cursor) is { } after)
        {
            if (!Guid.TryParse(after, out var last)) return Problem.Field("cursor", "The cursor is not one that this list gave.");
            entries = entries.Where(e => e.Id.CompareTo(last) < 0);
        }
        var take = query.Limit ?? 50;
        var rows = await entries.OrderByDescending(e => e.Id).Take(take + 1).ToListAsync(cancellation);
        var items = await ViewsAsync(rows.Take(take).ToList(), db, cancellation);
        return TypedResults.Ok(new ListPage<AuditView>(items, rows.Count > take ? Cursor.Of(items[^1].Id.ToString()) : null));
    }

    private static IQueryable<AuditEntry> Matching(IQueryable<AuditEntry> entries, AuditQuery query)
    {
        if (query.Who is { } who) entries = entries.Where(e => e.AccountId == who || e.KeyId == who);
        if (query.Action is { } action) entries = entries.Where(e => e.Action == action);
        if (query.Target is { } thing)
        {
            var below = $"{thing}/";
            entries = entries.Where(e => e.Target == thing || e.Target.StartsWith(below));
        }
        if (query.From is { } from)
        {
            var first = TimeIds.FirstAt(from);
            entries = entries.Where(e => e.Id.CompareTo(first) >= 0);
        }
        if (query.To is { } to)
        {
            var first = TimeIds.FirstAt(to);
            entries = entries.Where(e => e.Id.CompareTo(first) < 0);
        }
        if (string.IsNullOrWhiteSpace(query.Q)) return entries;
        var text = query.Q.Trim().ToLowerInvariant();
        return entries.Where(e => e.Words.Contains(text));
    }

    private static async Task<List<AuditView>> ViewsAsync(List<AuditEntry> entries, SubscriberDb db, CancellationToken cancellation)
    {
        var (accounts, keys) = (entries.Select(e => e.AccountId).Distinct().ToList(), entries.Select(e => e.KeyId).Distinct().ToList());
        var emails = await db.StaffAccounts.Where(a => accounts.Contains(a.Id)).ToDictionaryAsync(a => a.Id, a => a.Email, cancellation);
        var names = await db.ApiKeys.Where(k => keys.Contains(k.Id)).ToDictionaryAsync(k => k.Id, k => k.Name, cancellation);
        return entries.ConvertAll(e => new AuditView(e.Id, e.At, ActorOf(e, emails, names), e.Role, e.Action, e.Target, e.From, e.TraceId, e.Changes));
    }

    private static Actor ActorOf(AuditEntry entry, Dictionary<Guid, string> emails, Dictionary<Guid, string> names)
    {
        var email = entry.AccountId is { } account ? emails.GetValueOrDefault(account) : null;
        return entry.KeyId is { } key ? new(key, ActorKind.Key, email, names.GetValueOrDefault(key)) : new(entry.AccountId, ActorKind.Account, email, null);
    }
}
