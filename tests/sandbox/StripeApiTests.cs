using System.Net;
using Stripe;

namespace Newsletter.Sandbox.Tests;

public sealed class StripeApiTests(SandboxUnderTest sandbox) : IClassFixture<SandboxUnderTest>
{
    [Fact]
    public async Task The_same_key_and_parameters_replay_the_first_answer()
    {
        var stripe = sandbox.Stripe("sk_test_idempotent");
        var options = new CustomerCreateOptions { Email = "ann@example.com" };

        var first = await stripe.V1.Customers.CreateAsync(options, new() { IdempotencyKey = "once" });
        var second = await stripe.V1.Customers.CreateAsync(options, new() { IdempotencyKey = "once" });

        Assert.Equal(first.Id, second.Id);
        Assert.Equal(first.StripeResponse.Content, second.StripeResponse.Content);
        Assert.Equal("true", second.StripeResponse.Headers.GetValues("Idempotent-Replayed").Single());
        Assert.Single((await stripe.V1.Customers.ListAsync()).Data);
    }

    [Fact]
    public async Task The_same_key_with_other_parameters_is_an_error()
    {
        var stripe = sandbox.Stripe();
        await stripe.V1.Customers.CreateAsync(new() { Email = "ann@example.com" }, new() { IdempotencyKey = "changed" });

        var refusal = await Assert.ThrowsAsync<StripeException>(
            () => stripe.V1.Customers.CreateAsync(new() { Email = "bob@example.com" }, new() { IdempotencyKey = "changed" }));

        Assert.Equal((HttpStatusCode.BadRequest, "idempotency_error"), (refusal.HttpStatusCode, refusal.StripeError.Type));
    }

    [Fact]
    public async Task A_declined_payment_replays_its_refusal_too()
    {
        var stripe = sandbox.Stripe();
        var subscription = await sandbox.SubscribeAsync(stripe);
        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/fail-next-payment");
        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/advance");
        var invoice = (await stripe.V1.Subscriptions.GetAsync(subscription.Id)).LatestInvoiceId;

        for (var i = 0; i < 2; i++)
        {
            var declined = await Assert.ThrowsAsync<StripeException>(() => stripe.V1.Invoices.PayAsync(invoice, null, new() { IdempotencyKey = "pay-once" }));
            Assert.Equal(HttpStatusCode.PaymentRequired, declined.HttpStatusCode);
        }

        Assert.Equal(2, (await stripe.V1.Invoices.GetAsync(invoice)).AttemptCount);
    }

    [Theory]
    [InlineData("sk_live_house")]
    [InlineData("whatever")]
    public async Task A_key_that_is_no_test_key_is_refused(string key)
    {
        var refusal = await Assert.ThrowsAsync<StripeException>(() => sandbox.Stripe(key).V1.Customers.ListAsync());

        Assert.Equal(HttpStatusCode.Unauthorized, refusal.HttpStatusCode);
    }

    [Fact]
    public async Task Each_key_is_an_account_of_its_own()
    {
        var customer = await sandbox.Stripe("sk_test_one").V1.Customers.CreateAsync(new() { Email = "ann@example.com" });

        var refusal = await Assert.ThrowsAsync<StripeException>(() => sandbox.Stripe("sk_test_two").V1.Customers.GetAsync(customer.Id));

        Assert.Equal((HttpStatusCode.NotFound, "resource_missing"), (refusal.HttpStatusCode, refusal.StripeError.Code));
    }

    [Fact]
    public async Task An_unknown_parameter_is_named()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sandbox/stripe/v1/customers")
        {
            Content = new FormUrlEncodedContent([KeyValuePair.Create("emial", "ann@example.com")]),
            Headers = { { "Authorization", "Bearer sk_test_house" } },
        };
        using var response = await sandbox.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("emial", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.StartsWith("req_", response.Headers.GetValues("Request-Id").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Customers_are_found_by_address_and_paged_newest_first()
    {
        var stripe = sandbox.Stripe("sk_test_pages");
        foreach (var name in new[] { "a", "b", "c", "d", "e" })
        {
            await stripe.V1.Customers.CreateAsync(new() { Email = $"{name}@example.com", Metadata = new() { ["reader"] = name } });
        }

        var all = new List<string>();
        await foreach (var customer in stripe.V1.Customers.ListAutoPagingAsync(new() { Limit = 2 }))
        {
            all.Add(customer.Email[..1]);
        }

        Assert.Equal(["e", "d", "c", "b", "a"], all);
        Assert.Equal("c@example.com", Assert.Single((await stripe.V1.Customers.SearchAsync(new() { Query = "email:'c@example.com'" })).Data).Email);
        Assert.Equal("d@example.com", Assert.Single((await stripe.V1.Customers.SearchAsync(new() { Query = "metadata['reader']:'d'" })).Data).Email);
        Assert.Equal("b@example.com", Assert.Single((await stripe.V1.Customers.ListAsync(new() { Email = "b@example.com" })).Data).Email);
    }

    [Fact]
    public async Task A_deleted_customer_takes_the_subscription_along()
    {
        var stripe = sandbox.Stripe();
        var subscription = await sandbox.SubscribeAsync(stripe);

        Assert.True((await stripe.V1.Customers.DeleteAsync(subscription.CustomerId)).Deleted);

        Assert.Equal("canceled", (await stripe.V1.Subscriptions.GetAsync(subscription.Id)).Status);
        Assert.True((await stripe.V1.Customers.GetAsync(subscription.CustomerId)).Deleted);
    }

    [Fact]
    public async Task The_api_fails_as_often_as_asked()
    {
        await sandbox.ControlAsync("stripe/faults", new { apiStatus = 503, apiCount = 1 });

        var failure = await Assert.ThrowsAsync<StripeException>(() => sandbox.Stripe().V1.Customers.ListAsync());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, failure.HttpStatusCode);
        await sandbox.Stripe().V1.Customers.ListAsync();
    }
}
