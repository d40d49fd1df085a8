using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Accounts;
using Newsletter.Billing.Readers;
using Newsletter.Billing.Storage;
using Newsletter.Contracts;

namespace Newsletter.Billing.Subscriptions;

/// <summary>Finds out who a Stripe customer is: the reader who was signed in at checkout, or the owner of the address that paid.</summary>
internal sealed class PayingCustomers(BillingDb db, TimeProvider time)
{
    /// <param name="metadata">What our checkout wrote on the subscription; believed only as far as our own row agrees.</param>
    /// <param name="stripeEmail">For a subscription that the publisher made in Stripe's own pages.</param>
    /// <returns>Null for a customer of another publication.</returns>
    public async Task<Customer?> FindOrAddAsync(
        PaymentAccount account, string stripeId, Guid publicationId, IDictionary<string, string>? metadata, string? stripeEmail, CancellationToken cancellation)
    {
        var known = await db.Customers.SingleOrDefaultAsync(c => c.AccountId == account.Id && c.StripeId == stripeId, cancellation);
        if (known is not null)
        {
            if (known.PublicationId != publicationId) return null;
            known.Touch(time);
            return known;
        }

        var subscriber = (Guid?)null;
        var email = stripeEmail;
        if (metadata is not null && metadata.TryGetValue("checkout", out var text) && Guid.TryParse(text, out var checkoutId)
            && await db.Checkouts.SingleOrDefaultAsync(
                c => c.Id == checkoutId && c.AccountId == account.Id && c.PublicationId == publicationId, cancellation) is { } checkout)
        {
            subscriber = checkout.SubscriberId;
            email = checkout.Email ?? stripeEmail;
            checkout.Forget();
        }

        subscriber ??= await ConfirmedReaderAsync(publicationId, EmailAddress.Normalise(email), cancellation);
        var customer = Customer.Of(account.Id, stripeId, publicationId, subscriber, email, time);
        db.Add(customer);
        if (subscriber is null && email is not null)
            db.Publish(new RegisterSubscriber(customer.Id, publicationId, email, null, "checkout"));
        return customer;
    }

    public async Task<Guid?> ConfirmedReaderAsync(Guid publicationId, string? normalisedEmail, CancellationToken cancellation)
    {
        if (normalisedEmail is null) return null;
        var reader = await db.Readers.AsNoTracking().Where(
                r => r.PublicationId == publicationId && r.NormalisedEmail == normalisedEmail && r.ConfirmedAt != null && !r.Deleted)
            .OrderBy(r => r.Id).FirstOrDefaultAsync(cancellation);
        return reader?.Id;
    }

    /// <summary>Where mail about money goes; null once the person is erased.</summary>
    public async Task<(string Email, string? Name)?> MailboxAsync(Customer customer, CancellationToken cancellation)
    {
        if (customer.Erased) return null;
        if (customer.SubscriberId is { } id && await db.Readers.AsNoTracking().SingleOrDefaultAsync(
                r => r.Id == id && r.PublicationId == customer.PublicationId && !r.Deleted, cancellation) is { Email.Length: > 0 } reader)
            return (reader.Email, reader.Name);
        return customer.Email is { } email ? (email, null) : null;
    }
}
