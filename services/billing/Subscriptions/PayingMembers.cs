using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Tiers;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;

namespace Newsletter.Billing.Subscriptions;

/// <summary>Who pays, as Stripe last told of it.</summary>
internal static class PayingMembers
{
    private static readonly Dictionary<string, SubscriptionStatus> Words =
        Enum.GetValues<SubscriptionStatus>().ToDictionary(status => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString()));

    public static void MapMemberships(this RouteGroupBuilder api) => api.MapGet("/memberships", List).ForStaff(Permission.BillingRead);

    /// <summary>Newest first. Without a status, those that are running: also unpaid, paused and to be cancelled.</summary>
    private static async Task<Results<Ok<ListPage<PayingMember>>, ProblemHttpResult>> List(
        CurrentPublication publication, BillingDb db, string? tier, string? status, int? limit, string? cursor, CancellationToken cancellation)
    {
        SubscriptionStatus? wanted = null;
        if (status is not null)
        {
            if (!Words.TryGetValue(status, out var known)) return Problem.BadRequest($"A status is one of {string.Join(", ", Words.Keys)}.");
            wanted = known;
        }
        var size = Math.Clamp(limit ?? 50, 1, 100);
        var before = Guid.TryParse(Cursor.Read(cursor), CultureInfo.InvariantCulture, out var id) ? id : Guid.AllBitsSet;
        var members = await (
            from s in db.Subscriptions.AsNoTracking()
            where s.PublicationId == publication.Id && s.Id < before && s.Dismissal == Dismissal.None
            where wanted != null ? s.Status == wanted
                : s.Status != SubscriptionStatus.Canceled && s.Status != SubscriptionStatus.Incomplete && s.Status != SubscriptionStatus.IncompleteExpired
            join customer in db.Customers on s.CustomerId equals customer.Id
            join t in db.Tiers on s.TierId equals t.Id into tiers
            from sold in tiers.DefaultIfEmpty()
            where tier == null || sold.Slug == tier
            orderby s.Id descending
            select new
            {
                s.Id,
                Member = new PayingMember(
                    customer.SubscriberId, sold == null ? null : sold.Slug, s.Status, s.Interval, s.StartedAt, s.PeriodEnd,
                    s.EndsAt != null && s.EndedAt == null, s.Amount, s.Currency),
            }).Take(size + 1).ToListAsync(cancellation);
        var next = members.Count > size ? Cursor.Of(members[size - 1].Id.ToString()) : null;
        return TypedResults.Ok(new ListPage<PayingMember>([.. members.Take(size).Select(m => m.Member)], next));
    }
}

/// <param name="SubscriberId">Null while the payer has not proven the mailbox.</param>
/// <param name="Tier">Null where it was changed to a product that is none of ours.</param>
/// <param name="Amount">Per interval, in minor units.</param>
internal sealed record PayingMember(
    Guid? SubscriberId, string? Tier, SubscriptionStatus Status, BillingInterval Interval, DateTimeOffset Since, DateTimeOffset PeriodEnd,
    bool CancelsAtPeriodEnd, long Amount, string Currency);
