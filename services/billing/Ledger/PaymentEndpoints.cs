using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;

namespace Newsletter.Billing.Ledger;

internal static class PaymentEndpoints
{
    public static void MapPayments(this RouteGroupBuilder api) => api.MapGet("/payments", List).ForStaff(Permission.BillingRead);

    /// <summary>Newest first. The ids are version 7 of the time that Stripe says, so that they sort as the money moved.</summary>
    private static async Task<Ok<ListPage<PaymentView>>> List(
        CurrentPublication publication, BillingDb db, Guid? subscriberId, int? limit, string? cursor, CancellationToken cancellation)
    {
        var size = Math.Clamp(limit ?? 50, 1, 100);
        Guid? before = Guid.TryParse(Cursor.Read(cursor), CultureInfo.InvariantCulture, out var id) ? id : null;
        var lines = await (
            from line in db.MoneyLines.AsNoTracking()
            where line.PublicationId == publication.Id && (before == null || line.Id < before)
            join customer in db.Customers on line.CustomerId equals customer.Id
            where subscriberId == null || customer.SubscriberId == subscriberId
            join t in db.Tiers on line.TierId equals t.Id into tiers
            from tier in tiers.DefaultIfEmpty()
            orderby line.Id descending
            select new PaymentView(
                line.Id, line.Kind, line.Amount, line.Currency, line.OccurredAt, line.ObjectId, line.InvoiceId, tier == null ? null : tier.Slug, customer.SubscriberId))
            .Take(size + 1).ToListAsync(cancellation);
        var next = lines.Count > size ? Cursor.Of(lines[size - 1].Id.ToString()) : null;
        return TypedResults.Ok(new ListPage<PaymentView>([.. lines.Take(size)], next));
    }
}

/// <param name="Amount">Minor units; below zero for refunds and disputes.</param>
internal sealed record PaymentView(
    Guid Id, MoneyKind Kind, long Amount, string Currency, DateTimeOffset OccurredAt, string StripeObject, string StripeInvoice, string? Tier, Guid? SubscriberId);
