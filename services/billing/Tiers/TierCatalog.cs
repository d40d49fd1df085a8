using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Accounts;
using Newsletter.Billing.Storage;
using Newsletter.Defaults.Storage;
using Stripe;

namespace Newsletter.Billing.Tiers;

/// <summary>
/// Tiers as Stripe's products and prices, made when somebody first wants one: a tier is saved though Stripe be away.
/// </summary>
internal sealed class TierCatalog(BillingDb db, StripeAccounts accounts)
{
    /// <summary>The price to sell at; made in the account if this is the first time.</summary>
    public async Task<string> PriceAsync(PaymentAccount account, Tier tier, BillingInterval interval, CancellationToken cancellation)
    {
        var amount = tier.PriceOf(interval) ?? throw new InvalidOperationException($"Tier {tier.Id} is not sold by the {interval}.");
        var client = accounts.ClientOf(account);
        var product = await ProductAsync(client, account, tier, cancellation);

        var known = await db.TierPrices.AsNoTracking().FirstOrDefaultAsync(
            p => p.AccountId == account.Id && p.TierId == tier.Id && p.Interval == interval && p.Amount == amount && p.Currency == tier.Currency, cancellation);
        if (known is not null) return known.PriceId;

        var price = await new PriceService(client).CreateAsync(
            new PriceCreateOptions
            {
                Product = product,
                Currency = tier.Currency,
                UnitAmount = amount,
                Recurring = new() { Interval = interval == BillingInterval.Month ? "month" : "year" },
            },
            new RequestOptions { IdempotencyKey = $"price-{tier.Id:N}-{account.Id:N}-{interval}-{tier.Currency}-{amount}" },
            cancellation);
        await KeepAsync(TierPrice.Of(account.Id, tier, interval, amount, price.Id), cancellation);
        return price.Id;
    }

    private async Task<string> ProductAsync(StripeClient client, PaymentAccount account, Tier tier, CancellationToken cancellation)
    {
        var products = new ProductService(client);
        var known = await db.TierProducts.SingleOrDefaultAsync(p => p.AccountId == account.Id && p.TierId == tier.Id, cancellation);
        if (known is not null)
        {
            if (known.Name == tier.Name) return known.ProductId;
            await products.UpdateAsync(known.ProductId, new() { Name = tier.Name }, cancellationToken: cancellation);
            known.Renamed(tier.Name);
            await db.SaveChangesAsync(cancellation);
            return known.ProductId;
        }

        // An id of our own making: after a restore of an older database the product that members pay for is found again.
        // It names our account too: two publications with one Stripe account must not know each other's products.
        var id = $"tier_{tier.Id:N}_{account.Id:N}";
        try
        {
            await products.CreateAsync(new() { Id = id, Name = tier.Name }, cancellationToken: cancellation);
        }
        catch (StripeException e) when (e.StripeError?.Code == "resource_already_exists")
        {
            await products.GetAsync(id, cancellationToken: cancellation);
        }
        await KeepAsync(TierProduct.Of(account.Id, tier, id), cancellation);
        return id;
    }

    private async Task KeepAsync(object row, CancellationToken cancellation)
    {
        var entry = db.Add(row);
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            // Two first checkouts at once got the same object from Stripe; the other one kept it.
            entry.State = EntityState.Detached;
        }
    }
}
