using Stripe;

namespace Newsletter.Sandbox.Tests;

public sealed class SubscriptionTests(SandboxUnderTest sandbox) : IClassFixture<SandboxUnderTest>
{
    [Fact]
    public async Task A_cancelled_subscription_runs_to_its_end_and_then_ends()
    {
        var stripe = sandbox.Stripe();
        var subscription = await sandbox.SubscribeAsync(stripe);
        subscription = await stripe.V1.Subscriptions.UpdateAsync(subscription.Id, new() { CancelAtPeriodEnd = true });
        Assert.Equal(("active", subscription.Items.Data[0].CurrentPeriodEnd), (subscription.Status, subscription.CancelAt));

        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/advance");

        var ended = (Subscription)(await sandbox.Receiver.EventAsync(
            sandbox.Keys.StripeWebhookSecret, "customer.subscription.deleted", told => ((Subscription)told.Data.Object).Id == subscription.Id)).Data.Object;
        Assert.Equal("canceled", ended.Status);
        Assert.True(ended.EndedAt <= sandbox.Time.GetUtcNow().UtcDateTime);
        Assert.Equal("cancellation_requested", ended.CancellationDetails.Reason);
    }

    [Fact]
    public async Task A_renewal_adds_a_period_and_a_paid_invoice()
    {
        var stripe = sandbox.Stripe();
        var before = await sandbox.SubscribeAsync(stripe);

        await sandbox.ControlAsync($"stripe/subscriptions/{before.Id}/advance");

        var after = await stripe.V1.Subscriptions.GetAsync(before.Id);
        Assert.Equal(before.Items.Data[0].CurrentPeriodEnd, after.Items.Data[0].CurrentPeriodStart);
        Assert.True(after.Items.Data[0].CurrentPeriodEnd > before.Items.Data[0].CurrentPeriodEnd.AddDays(27));
        var invoices = await stripe.V1.Invoices.ListAsync(new() { Subscription = before.Id });
        Assert.Equal(["subscription_cycle", "subscription_create"], invoices.Data.Select(invoice => invoice.BillingReason));
        Assert.All(invoices.Data, invoice => Assert.Equal("paid", invoice.Status));
        var line = Assert.Single(invoices.Data[0].Lines.Data);
        Assert.Equal(after.Items.Data[0].CurrentPeriodEnd, line.Period.End);
        Assert.Equal(after.Items.Data[0].Price.Id, line.Pricing.PriceDetails.PriceId);
    }

    [Fact]
    public async Task A_failed_renewal_is_past_due_until_another_card_pays()
    {
        var stripe = sandbox.Stripe();
        var subscription = await sandbox.SubscribeAsync(stripe);
        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/fail-next-payment");
        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/advance");

        subscription = await stripe.V1.Subscriptions.GetAsync(subscription.Id, new() { Expand = ["latest_invoice"] });
        Assert.Equal(("past_due", "open", 800L), (subscription.Status, subscription.LatestInvoice.Status, subscription.LatestInvoice.AmountRemaining));
        await sandbox.Receiver.EventAsync(
            sandbox.Keys.StripeWebhookSecret, "invoice.payment_failed", told => ((Invoice)told.Data.Object).Id == subscription.LatestInvoiceId);
        var declined = await Assert.ThrowsAsync<StripeException>(() => stripe.V1.Invoices.PayAsync(subscription.LatestInvoiceId));
        Assert.Equal(("card_error", "card_declined"), (declined.StripeError.Type, declined.StripeError.Code));
        Assert.Equal(2, (await stripe.V1.Invoices.GetAsync(subscription.LatestInvoiceId)).AttemptCount);

        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/retry-payment", new { succeeds = true });

        subscription = await stripe.V1.Subscriptions.GetAsync(subscription.Id, new() { Expand = ["latest_invoice"] });
        Assert.Equal(("active", "paid"), (subscription.Status, subscription.LatestInvoice.Status));
    }

    [Fact]
    public async Task A_last_failed_payment_ends_the_subscription()
    {
        var stripe = sandbox.Stripe();
        var subscription = await sandbox.SubscribeAsync(stripe);
        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/fail-next-payment");
        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/advance");

        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/retry-payment", new { succeeds = false, final = true });

        subscription = await stripe.V1.Subscriptions.GetAsync(subscription.Id);
        Assert.Equal(("canceled", "payment_failed"), (subscription.Status, subscription.CancellationDetails.Reason));
    }

    [Fact]
    public async Task The_portal_cancels_resumes_and_switches()
    {
        var stripe = sandbox.Stripe();
        var monthly = await SandboxUnderTest.PriceAsync(stripe);
        var yearly = await SandboxUnderTest.PriceAsync(stripe, 8000, "year", monthly.ProductId);
        var subscription = await sandbox.SubscribeAsync(stripe, monthly);
        var portal = await stripe.V1.BillingPortal.Sessions.CreateAsync(new() { Customer = subscription.CustomerId, ReturnUrl = "https://example.com/account" });
        var path = $"/sandbox/portal/{portal.Id}";
        var page = await sandbox.Http.GetStringAsync(path);
        Assert.Contains("https://example.com/account", page, StringComparison.Ordinal);
        Assert.Contains(yearly.Id, page, StringComparison.Ordinal);

        await sandbox.PostFormAsync($"{path}/{subscription.Id}/cancel");
        Assert.True((await stripe.V1.Subscriptions.GetAsync(subscription.Id)).CancelAtPeriodEnd);
        await sandbox.PostFormAsync($"{path}/{subscription.Id}/resume");
        Assert.Null((await stripe.V1.Subscriptions.GetAsync(subscription.Id)).CancelAt);
        await sandbox.PostFormAsync($"{path}/{subscription.Id}/switch", ("price", yearly.Id));

        var switched = await stripe.V1.Subscriptions.GetAsync(subscription.Id, new() { Expand = ["latest_invoice"] });
        Assert.Equal(yearly.Id, switched.Items.Data[0].Price.Id);
        Assert.Equal(switched.Items.Data[0].CurrentPeriodStart.AddYears(1), switched.Items.Data[0].CurrentPeriodEnd);
        Assert.InRange(switched.LatestInvoice.AmountPaid, 7200, 7201);
    }

    [Fact]
    public async Task The_portal_leaves_other_customers_alone()
    {
        var stripe = sandbox.Stripe();
        var own = await sandbox.SubscribeAsync(stripe);
        var other = await sandbox.SubscribeAsync(stripe);
        var portal = await stripe.V1.BillingPortal.Sessions.CreateAsync(new() { Customer = own.CustomerId });

        using var refused = await sandbox.PostFormAsync($"/sandbox/portal/{portal.Id}/{other.Id}/cancel");

        Assert.Equal(System.Net.HttpStatusCode.NotFound, refused.StatusCode);
        Assert.False((await stripe.V1.Subscriptions.GetAsync(other.Id)).CancelAtPeriodEnd);
    }

    [Fact]
    public async Task A_dearer_price_of_the_same_interval_is_settled_with_the_next_invoice()
    {
        var stripe = sandbox.Stripe();
        var subscription = await sandbox.SubscribeAsync(stripe);
        var dearer = await SandboxUnderTest.PriceAsync(stripe, 1600);

        subscription = await stripe.V1.Subscriptions.UpdateAsync(
            subscription.Id, new() { Items = [new() { Id = subscription.Items.Data[0].Id, Price = dearer.Id }] });
        Assert.Single((await stripe.V1.Invoices.ListAsync(new() { Subscription = subscription.Id })).Data);
        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/advance");

        var invoice = await stripe.V1.Invoices.GetAsync((await stripe.V1.Subscriptions.GetAsync(subscription.Id)).LatestInvoiceId);
        Assert.InRange(invoice.AmountPaid, 2399, 2401);
        Assert.Equal(2, invoice.Lines.Data.Count(line => line.Parent.SubscriptionItemDetails.Proration));
    }

    [Fact]
    public async Task A_refund_reaches_the_charge_and_cannot_exceed_it()
    {
        var stripe = sandbox.Stripe();
        var subscription = await sandbox.SubscribeAsync(stripe);
        var payment = Assert.Single((await stripe.V1.InvoicePayments.ListAsync(new() { Invoice = subscription.LatestInvoiceId })).Data);

        var refund = await stripe.V1.Refunds.CreateAsync(new() { PaymentIntent = payment.Payment.PaymentIntentId, Amount = 300 });
        await Assert.ThrowsAsync<StripeException>(() => stripe.V1.Refunds.CreateAsync(new() { PaymentIntent = payment.Payment.PaymentIntentId, Amount = 501 }));

        var told = (Charge)(await sandbox.Receiver.EventAsync(
            sandbox.Keys.StripeWebhookSecret, "charge.refunded", found => ((Charge)found.Data.Object).Id == refund.ChargeId)).Data.Object;
        Assert.Equal((300L, false), (told.AmountRefunded, told.Refunded));
    }

    [Fact]
    public async Task A_dispute_is_opened_and_lost()
    {
        var stripe = sandbox.Stripe();
        var subscription = await sandbox.SubscribeAsync(stripe);
        var charge = (await stripe.V1.Charges.ListAsync(new() { Customer = subscription.CustomerId })).Data[0];

        await sandbox.ControlAsync($"stripe/charges/{charge.Id}/dispute");
        var dispute = Assert.Single((await stripe.V1.Disputes.ListAsync(new() { Charge = charge.Id })).Data);
        await sandbox.ControlAsync($"stripe/disputes/{dispute.Id}/close", new { won = false });

        Assert.Equal("lost", (await stripe.V1.Disputes.GetAsync(dispute.Id)).Status);
        await sandbox.Receiver.EventAsync(sandbox.Keys.StripeWebhookSecret, "charge.dispute.closed");
    }
}
