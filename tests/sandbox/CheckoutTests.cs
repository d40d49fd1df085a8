using System.Net;
using Stripe;
using Stripe.Checkout;

namespace Newsletter.Sandbox.Tests;

public sealed class CheckoutTests(SandboxUnderTest sandbox) : IClassFixture<SandboxUnderTest>
{
    [Fact]
    public async Task A_paid_checkout_leads_back_and_tells_its_story_in_signed_events()
    {
        var stripe = sandbox.Stripe();
        var session = await SandboxUnderTest.CheckoutAsync(stripe, await SandboxUnderTest.PriceAsync(stripe));
        Assert.Equal("open", session.Status);
        Assert.Equal(800, session.AmountTotal);
        var page = await sandbox.Http.GetStringAsync(new Uri(session.Url).PathAndQuery);
        Assert.Contains("Reader", page, StringComparison.Ordinal);

        using var paid = await sandbox.PayAsync(session);

        Assert.Equal($"https://example.com/thanks?session={session.Id}", paid.Headers.Location?.OriginalString);
        var told = await sandbox.Receiver.EventAsync(
            sandbox.Keys.StripeWebhookSecret, "checkout.session.completed", found => ((Session)found.Data.Object).Id == session.Id);
        var completed = (Session)told.Data.Object;
        Assert.Equal(("complete", "paid", "reader-7"), (completed.Status, completed.PaymentStatus, completed.ClientReferenceId));
        var subscription = await stripe.V1.Subscriptions.GetAsync(completed.SubscriptionId, new() { Expand = ["latest_invoice.payments", "customer"] });
        Assert.Equal("active", subscription.Status);
        Assert.Equal("7", subscription.Metadata["reader"]);
        Assert.Equal("ann@example.com", subscription.Customer.Email);
        Assert.Equal(subscription.Items.Data[0].CurrentPeriodStart.AddMonths(1), subscription.Items.Data[0].CurrentPeriodEnd);
        Assert.Equal("paid", subscription.LatestInvoice.Status);
        Assert.Equal(subscription.Id, subscription.LatestInvoice.Parent.SubscriptionDetails.SubscriptionId);
        Assert.Equal(800, Assert.Single(subscription.LatestInvoice.Payments.Data).AmountPaid);

        // The other tests of this class told their stories to the same receiver.
        var order = sandbox.Receiver.Events(sandbox.Keys.StripeWebhookSecret)
            .SkipWhile(one => !one.ToJson().Contains(completed.CustomerId, StringComparison.Ordinal)).Select(one => one.Type).ToList();
        string[] story = ["customer.created", "customer.subscription.created", "invoice.created", "invoice.finalized", "invoice_payment.paid", "invoice.paid", "checkout.session.completed"];
        Assert.Equal(story, story.OrderBy(order.IndexOf));
    }

    [Theory]
    [InlineData("4000000000000002", "Your card was declined.")]
    [InlineData("4000000000009995", "Your card has insufficient funds.")]
    public async Task A_declined_card_says_why_and_leaves_the_checkout_open(string card, string why)
    {
        var stripe = sandbox.Stripe();
        var session = await SandboxUnderTest.CheckoutAsync(stripe, await SandboxUnderTest.PriceAsync(stripe));

        using var declined = await sandbox.PayAsync(session, card);

        Assert.Equal(HttpStatusCode.PaymentRequired, declined.StatusCode);
        Assert.Contains(why, await declined.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("open", (await stripe.V1.Checkout.Sessions.GetAsync(session.Id)).Status);
    }

    [Fact]
    public async Task A_card_with_3d_secure_pays_once_the_buyer_has_authenticated()
    {
        const string Card = "4000002500003155";
        var stripe = sandbox.Stripe();
        var session = await SandboxUnderTest.CheckoutAsync(stripe, await SandboxUnderTest.PriceAsync(stripe));

        using var asked = await sandbox.PayAsync(session, Card);
        Assert.Contains("Complete authentication", await asked.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var refused = await sandbox.PayAsync(session, Card, step: "refused");
        Assert.Equal("open", (await stripe.V1.Checkout.Sessions.GetAsync(session.Id)).Status);
        using var done = await sandbox.PayAsync(session, Card, step: "authenticated");

        Assert.Equal(HttpStatusCode.Redirect, done.StatusCode);
        Assert.Equal("complete", (await stripe.V1.Checkout.Sessions.GetAsync(session.Id)).Status);
    }

    [Fact]
    public async Task A_second_click_on_pay_charges_nothing()
    {
        var stripe = sandbox.Stripe("sk_test_twice");
        var session = await SandboxUnderTest.CheckoutAsync(stripe, await SandboxUnderTest.PriceAsync(stripe));

        var clicks = await Task.WhenAll(sandbox.PayAsync(session), sandbox.PayAsync(session));

        Assert.Equal([HttpStatusCode.Redirect, HttpStatusCode.Conflict], clicks.Select(click => click.StatusCode).Order());
        Assert.Single((await stripe.V1.Charges.ListAsync()).Data);
    }

    [Fact]
    public async Task An_expired_session_takes_no_money()
    {
        var stripe = sandbox.Stripe();
        var session = await SandboxUnderTest.CheckoutAsync(stripe, await SandboxUnderTest.PriceAsync(stripe));
        await stripe.V1.Checkout.Sessions.ExpireAsync(session.Id);

        using var late = await sandbox.PayAsync(session);

        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        Assert.Equal("expired", (await stripe.V1.Checkout.Sessions.GetAsync(session.Id)).Status);
        await sandbox.Receiver.EventAsync(sandbox.Keys.StripeWebhookSecret, "checkout.session.expired");
    }

    [Fact]
    public async Task A_trial_with_a_coupon_charges_nothing_today()
    {
        var stripe = sandbox.Stripe();
        var coupon = await stripe.V1.Coupons.CreateAsync(new() { PercentOff = 25, Duration = "forever" });
        var session = await SandboxUnderTest.CheckoutAsync(stripe, await SandboxUnderTest.PriceAsync(stripe), options =>
        {
            options.SubscriptionData.TrialPeriodDays = 14;
            options.Discounts = [new() { Coupon = coupon.Id }];
        });
        await sandbox.PayAsync(session);

        var done = await stripe.V1.Checkout.Sessions.GetAsync(session.Id);
        var subscription = await stripe.V1.Subscriptions.GetAsync(done.SubscriptionId);
        Assert.Equal(("no_payment_required", "trialing"), (done.PaymentStatus, subscription.Status));

        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/advance");
        subscription = await stripe.V1.Subscriptions.GetAsync(subscription.Id, new() { Expand = ["latest_invoice", "discounts.source.coupon"] });
        Assert.Equal(("active", 600L), (subscription.Status, subscription.LatestInvoice.AmountPaid));
        Assert.Equal(25, subscription.Discounts[0].Source.Coupon.PercentOff);
    }

    [Fact]
    public async Task A_gift_is_paid_once_without_a_subscription()
    {
        var stripe = sandbox.Stripe();
        var session = await stripe.V1.Checkout.Sessions.CreateAsync(new()
        {
            Mode = "payment",
            SuccessUrl = "https://example.com/thanks",
            LineItems = [new() { Quantity = 1, PriceData = new() { Currency = "usd", UnitAmount = 5000, ProductData = new() { Name = "A year as a gift" } } }],
            PaymentIntentData = new() { Metadata = new() { ["gift"] = "g1" } },
        });
        await sandbox.PayAsync(session);

        var done = await stripe.V1.Checkout.Sessions.GetAsync(session.Id, new() { Expand = ["payment_intent", "line_items"] });
        Assert.Equal(("paid", (string?)null), (done.PaymentStatus, done.SubscriptionId));
        Assert.Equal("g1", done.PaymentIntent.Metadata["gift"]);
        Assert.Equal(5000, Assert.Single(done.LineItems.Data).AmountTotal);
    }

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("/relative")]
    public async Task A_session_refuses_an_address_that_no_browser_should_follow(string url)
    {
        var stripe = sandbox.Stripe();
        var price = await SandboxUnderTest.PriceAsync(stripe);

        var refusal = await Assert.ThrowsAsync<StripeException>(() => SandboxUnderTest.CheckoutAsync(stripe, price, options => options.SuccessUrl = url));

        Assert.Equal("url_invalid", refusal.StripeError.Code);
    }
}
