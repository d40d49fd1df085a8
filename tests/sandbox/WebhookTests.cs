using Newsletter.Tests.Harness;
using Stripe;

namespace Newsletter.Sandbox.Tests;

public sealed class WebhookTests
{
    [Fact]
    public async Task An_event_is_sent_until_its_receiver_takes_it_and_then_counts_as_delivered()
    {
        await using var sandbox = await StartedAsync();
        var stripe = sandbox.Stripe();
        sandbox.Receiver.Status = 503;
        await stripe.V1.Customers.CreateAsync(new() { Email = "ann@example.com" });
        var undelivered = await stripe.V1.Events.ListAsync(new() { DeliverySuccess = false, Type = "customer.created" });
        Assert.Equal(1, Assert.Single(undelivered.Data).PendingWebhooks);

        sandbox.Receiver.Status = 200;

        var told = await sandbox.Receiver.EventAsync(sandbox.Keys.StripeWebhookSecret, "customer.created");
        await Eventually.TrueAsync(
            async () => (await stripe.V1.Events.GetAsync(told.Id)).PendingWebhooks == 0, "the event counted as delivered");
        Assert.Empty((await stripe.V1.Events.ListAsync(new() { DeliverySuccess = false })).Data);
    }

    [Fact]
    public async Task Deliveries_repeat_and_lose_their_order_when_asked()
    {
        await using var sandbox = await StartedAsync();
        var stripe = sandbox.Stripe();
        sandbox.Receiver.Status = 503;
        foreach (var i in Enumerable.Range(0, 12))
        {
            await stripe.V1.Customers.CreateAsync(new() { Email = $"reader{i}@example.com" });
        }

        await sandbox.ControlAsync("stripe/faults", new { repeat = 2, shuffle = true, dropFirst = 3 });
        sandbox.Receiver.Status = 200;

        await Eventually.TrueAsync(
            () => Task.FromResult(sandbox.Receiver.Posts.Count >= 36), "three deliveries of each of twelve events");
        var events = sandbox.Receiver.Events(sandbox.Keys.StripeWebhookSecret);
        Assert.All(events.GroupBy(told => told.Id), copies => Assert.Equal(3, copies.Count()));
        var order = events.Select(told => ((Customer)told.Data.Object).Email).Distinct().ToList();
        Assert.NotEqual(order.OrderBy(email => int.Parse(email[6..^12], System.Globalization.CultureInfo.InvariantCulture)), order);
    }

    [Fact]
    public async Task An_endpoint_of_the_account_gets_its_events_with_its_own_secret()
    {
        await using var sandbox = await StartedAsync();
        var stripe = sandbox.Stripe();
        var endpoint = await stripe.V1.WebhookEndpoints.CreateAsync(
            new() { Url = $"{sandbox.Receiver.Address}/webhooks/stripe/house", EnabledEvents = ["customer.created"] });

        var customer = await stripe.V1.Customers.CreateAsync(new() { Email = "ann@example.com" });
        await stripe.V1.Customers.UpdateAsync(customer.Id, new() { Name = "Ann" });
        await sandbox.Stripe("sk_test_other").V1.Customers.CreateAsync(new() { Email = "bob@example.com" });

        await sandbox.Receiver.EventAsync(sandbox.Keys.StripeWebhookSecret, "customer.created");
        var told = await Eventually.GetAsync(
            () => Task.FromResult(sandbox.Receiver.Events(endpoint.Secret, "/webhooks/stripe/house").SingleOrDefault()), "the account's own event");
        Assert.Equal(customer.Id, ((Customer)told.Data.Object).Id);
        Assert.Single(sandbox.Receiver.Events(sandbox.Keys.StripeWebhookSecret));
    }

    [Fact]
    public async Task An_update_says_what_was_there_before()
    {
        await using var sandbox = await StartedAsync();
        var stripe = sandbox.Stripe();
        var customer = await stripe.V1.Customers.CreateAsync(new() { Email = "ann@example.com" });

        await stripe.V1.Customers.UpdateAsync(customer.Id, new() { Email = "ann@example.org" }, new() { IdempotencyKey = "move" });

        var told = await sandbox.Receiver.EventAsync(sandbox.Keys.StripeWebhookSecret, "customer.updated");
        Assert.Equal("ann@example.com", (string)told.Data.PreviousAttributes.email);
        Assert.Equal("move", told.Request.IdempotencyKey);
    }

    [Fact]
    public async Task An_event_is_sent_again_on_demand()
    {
        await using var sandbox = await StartedAsync();
        await sandbox.Stripe().V1.Customers.CreateAsync(new() { Email = "ann@example.com" });
        var told = await sandbox.Receiver.EventAsync(sandbox.Keys.StripeWebhookSecret, "customer.created");

        await sandbox.ControlAsync($"stripe/events/{told.Id}/resend");

        await Eventually.TrueAsync(() => Task.FromResult(sandbox.Receiver.Posts.Count == 2), "the second delivery");
    }

    private static async Task<SandboxUnderTest> StartedAsync()
    {
        var sandbox = new SandboxUnderTest();
        await sandbox.InitializeAsync();
        return sandbox;
    }
}
