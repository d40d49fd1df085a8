using System.ComponentModel.DataAnnotations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Webhooks;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Stripe;

namespace Newsletter.Billing.Accounts;

internal static class AccountEndpoints
{
    public static void MapPaymentAccount(this RouteGroupBuilder api)
    {
        api.MapGet("/payment-account", Get).ForStaff(Permission.BillingRead);
        api.MapPut("/payment-account", Set).ForStaff(Permission.BillingWrite);
    }

    private static async Task<IResult> Get(CurrentPublication publication, StripeAccounts accounts, CancellationToken cancellation) =>
        TypedResults.Ok(AccountView.Of(await accounts.OfPublicationAsync(publication.Id, cancellation)));

    /// <summary>
    /// Sells through the publisher's own Stripe account from now on; who subscribed through another one stays there.
    /// A new key of the account that we have takes the old one's place.
    /// </summary>
    private static async Task<IResult> Set(
        CurrentPublication publication, OwnAccount request, BillingDb db, StripeAccounts accounts, IOptions<NewsletterOptions> newsletter,
        TimeProvider time, CancellationToken cancellation)
    {
        var client = accounts.ClientOf(request.SecretKey);
        var mode = PaymentAccount.ModeOf(request.SecretKey);
        var ours = await db.PaymentAccounts.Where(a => a.PublicationId == publication.Id).ToListAsync(cancellation);
        PaymentAccount? account;
        try
        {
            var self = await new AccountService(client).GetSelfAsync(cancellationToken: cancellation);
            account = ours.Find(a => a.StripeAccountId == self.Id && a.Mode == mode);
            string? webhookSecret = null;
            if (account is null)
            {
                db.Add(account = PaymentAccount.OfPublication(publication.Id, mode, self.Id, time.GetUtcNow()));
                // Made by us, so that nobody has to copy addresses and secrets.
                var endpoint = await new WebhookEndpointService(client).CreateAsync(
                    new() { Url = $"{newsletter.Value.Url.TrimEnd('/')}/webhooks/stripe/{account.Id}", EnabledEvents = [.. StripeEvent.Wanted] },
                    new RequestOptions { IdempotencyKey = $"webhook-{account.Id:N}" }, cancellation);
                webhookSecret = endpoint.Secret;
            }
            accounts.Open(account, request.SecretKey, webhookSecret);
        }
        catch (Exception e) when (StripeFailure.IsFailure(e, cancellation))
        {
            return StripeFailure.StatusOf(e) == StatusCodes.Status502BadGateway ? Problem.Field("secretKey", "Stripe refuses this key.") : StripeFailure.ToProblem(e);
        }
        foreach (var former in ours.Where(a => a != account)) former.Retire();
        await db.SaveChangesAsync(cancellation);
        return TypedResults.Ok(AccountView.Of(account));
    }
}

public sealed record OwnAccount(
    [property: Required, StringLength(300), RegularExpression("^(sk|rk)_(test|live)_[A-Za-z0-9_]+$", ErrorMessage = "A secret or restricted key of Stripe.")] string SecretKey);

/// <param name="Own">False: the installation's.</param>
internal sealed record AccountView(Guid Id, bool Own, PaymentMode Mode, PaymentAccountKind Kind)
{
    public static AccountView Of(PaymentAccount a) => new(a.Id, a.PublicationId is not null, a.Mode, a.Kind);
}
