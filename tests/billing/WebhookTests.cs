using System.Net;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Tests.Harness;

namespace Newsletter.Billing.Tests;

/// <summary>What arrives at the webhook's address: forgeries, and events late, lost, repeated and in any order.</summary>
public sealed class WebhookTests(BillingHouse house) : IClassFixture<BillingHouse>
{
    private const string Event = """{"id":"evt_forged","object":"event","type":"customer.subscription.updated","created":1700000000,"livemode":false,"data":{"object":{"id":"sub_forged","object":"subscription"}}}""";

    public static TheoryData<string, string, string?> Forgeries()
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return new()
        {
            { "no header", Event, "" },
            { "no time", Event, "v1=00" },
            { "no signature", Event, $"t={now}" },
            { "not a signature", Event, "t=x,v1=x" },
            { "signed with another secret", Event, Webhooks.Sign(Event, "whsec_other", now) },
            { "a huge time", Event, "t=99999999999999999999999999,v1=00" },
            { "a time below zero", Event, "t=-1,v1=00" },
            { "thousands of signatures", Event, $"t={now}," + string.Concat(Enumerable.Repeat("v1=00,", 2000)) },
            { "letters beyond hexadecimal", Event, $"t={now},v1={new string('~', 64)}" },
        };
    }

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task A_forged_webhook_is_refused_and_writes_nothing(string what, string body, string? signature)
    {
        using var response = await house.Service.Anonymous().PostEventAsync(body, house.Stripe.WebhookSecret, signature: signature);
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, what);
        await NothingIsKeptAsync("evt_forged", "sub_forged");
    }

    [Theory]
    [InlineData(-301)]
    [InlineData(301)]
    public async Task A_webhook_of_another_time_is_refused(int seconds)
    {
        using var response = await house.Service.Anonymous().PostEventAsync(Event, house.Stripe.WebhookSecret, DateTimeOffset.UtcNow.AddSeconds(seconds));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        await NothingIsKeptAsync("evt_forged", "sub_forged");
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"id":"evt_forged","type":"invoice.paid"}""")]
    [InlineData("""{"id":7,"type":"invoice.paid","created":1700000000}""")]
    [InlineData("""{"id":"evt_forged","type":"invoice.paid","created":99999999999999999}""")]
    [InlineData("""{"id":"evt_forged","type":"invoice.paid","created":1700000000,"livemode":true,"data":{"object":{"id":"sub_forged"}}}""")]
    public async Task A_signed_body_that_is_no_event_of_ours_is_refused(string body)
    {
        using var response = await house.Service.Anonymous().PostEventAsync(body, house.Stripe.WebhookSecret);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        await NothingIsKeptAsync("evt_forged", "sub_forged");
    }

    [Fact]
    public async Task An_unknown_payment_account_is_not_found()
    {
        using var response = await house.Service.Anonymous().PostEventAsync(Event, house.Stripe.WebhookSecret, path: $"/webhooks/stripe/{Guid.NewGuid()}");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("""{"id":"evt_odd1","object":"event","type":"unheard.of","created":1700000000,"data":{"object":{"object":"balance"}}}""")]
    [InlineData("""{"id":"evt_odd2","object":"event","api_version":"2031-01-01.unknown","type":"radar.thing","created":1700000000,"data":{"object":{"id":"x","object":"thing"}}}""")]
    public async Task An_event_that_we_do_not_need_is_taken_and_does_nothing(string body)
    {
        using var response = await house.Service.Anonymous().PostEventAsync(body, house.Stripe.WebhookSecret);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await house.SettledAsync();
    }

    [Fact]
    public async Task A_thin_event_counts_as_a_full_one_does()
    {
        await house.Stripe.LoseWebhooksAsync();
        var reader = await house.ReaderAsync();
        var session = await house.CheckoutAsync(reader);
        await house.Stripe.PayAsync(session);
        var subscription = (await house.Stripe.CallAsync(HttpMethod.Get, $"checkout/sessions/{session}"))["subscription"]!.GetValue<string>();
        var thin = $$"""{"id":"evt_thin","object":"v2.core.event","type":"v1.customer.subscription.created","created":"2026-11-20T10:00:00.000Z","livemode":false,"related_object":{"id":"{{subscription}}","type":"subscription","url":"/v1/subscriptions/x"} }""";
        using var response = await house.Service.Anonymous().PostEventAsync(thin, house.Stripe.WebhookSecret);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await house.GrantAsync(reader, g => g.Tier == "reader");
        await house.Stripe.FaultsAsync(new { });
    }

    [Fact]
    public async Task Events_reversed_and_each_repeated_46_times_end_in_the_same_state()
    {
        await house.Stripe.LoseWebhooksAsync();
        var reader = await house.ReaderAsync();
        var before = (await house.Stripe.EventsAsync()).Count;
        await house.Stripe.PayAsync(await house.CheckoutAsync(reader));
        var events = (await house.Stripe.EventsAsync()).Skip(before).Reverse().ToList();
        Assert.True(events.Count > 3);
        using var client = house.Service.Anonymous();
        for (var copy = 0; copy < 46; copy++)
        {
            foreach (var body in events)
            {
                using var response = await client.PostEventAsync(body, house.Stripe.WebhookSecret);
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
        }
        await house.GrantAsync(reader, g => !g.Deleted);
        await house.SettledAsync();
        Assert.Single(house.Service.Sent<GrantsChanged>(), e => e.Grants.Any(g => g.SubscriberId == reader.Id));
        Assert.Single(house.Service.Sent<SendTransactionalMail>(), m => m.SubscriberId == reader.Id);
        Assert.Single(await MoneyAsync(reader));
        await house.Stripe.FaultsAsync(new { });
    }

    [Fact]
    public async Task Shuffled_and_repeated_by_the_sender_itself_they_do_no_harm()
    {
        await house.Stripe.FaultsAsync(new { shuffle = true, repeat = 3, holdMs = 200 });
        var (reader, first, id) = await house.MemberAsync();
        await house.Stripe.AdvanceAsync(id);
        await house.GrantAsync(reader, g => g.Until > first.Until);
        await house.Stripe.FaultsAsync(new { });
        await house.SettledAsync();
        Assert.Equal(2, (await MoneyAsync(reader)).Count);
    }

    [Fact]
    public async Task Lost_webhooks_are_healed_by_the_comparison_with_Stripe()
    {
        var (member, first, id) = await house.MemberAsync();
        await house.SettledAsync();
        await house.Stripe.LoseWebhooksAsync();
        var reader = await house.ReaderAsync();
        await house.Stripe.PayAsync(await house.CheckoutAsync(reader));
        await house.Stripe.AdvanceAsync(id);

        using var response = await house.Service.Anonymous().PostAsync("/internal/reconcile", null);
        response.EnsureSuccessStatusCode();
        await house.GrantAsync(reader, g => g.Tier == "reader");
        await house.GrantAsync(member, g => g.Until > first.Until);
        await house.SettledAsync();
        Assert.Equal(2, (await MoneyAsync(member)).Count);
        Assert.Single(await MoneyAsync(reader));

        using var again = await house.Service.Anonymous().PostAsync("/internal/reconcile", null);
        Assert.Equal("""{"different":0,"refused":0}""", await again.Content.ReadAsStringAsync());
        await house.Stripe.FaultsAsync(new { });
    }

    [Fact]
    public async Task A_product_that_we_do_not_know_counts_for_nothing()
    {
        var product = await house.Stripe.CallAsync(HttpMethod.Post, "products", ("name", "A mug"));
        var price = await house.Stripe.CallAsync(HttpMethod.Post, "prices",
            ("product", Text(product)), ("currency", "usd"), ("unit_amount", "500"), ("recurring[interval]", "month"));
        var customer = await house.Stripe.CallAsync(HttpMethod.Post, "customers", ("email", "mug@example.com"));
        var before = await house.InDbAsync(db => db.Subscriptions.CountAsync());
        await house.Stripe.CallAsync(HttpMethod.Post, "subscriptions", ("customer", Text(customer)), ("items[0][price]", Text(price)), ("payment_behavior", "default_incomplete"));
        await Eventually.TrueAsync(() => house.InDbAsync(db => db.WebhookEvents.AnyAsync(e => e.Type == "customer.subscription.created")), "the event");
        await house.SettledAsync();
        Assert.Equal(before, await house.InDbAsync(db => db.Subscriptions.CountAsync()));
        Assert.DoesNotContain(house.Service.Sent<RegisterSubscriber>(), r => r.Email == "mug@example.com");
    }

    private static string Text(JsonObject stripe) => stripe["id"]!.GetValue<string>();

    private Task<List<Ledger.MoneyLine>> MoneyAsync(SubscriberSnapshot reader) => house.InDbAsync(db => (
        from line in db.MoneyLines
        join customer in db.Customers on line.CustomerId equals customer.Id
        where customer.SubscriberId == reader.Id
        select line).ToListAsync());

    private async Task NothingIsKeptAsync(string eventId, string objectId)
    {
        Assert.False(await house.InDbAsync(db => db.WebhookEvents.AnyAsync(e => e.EventId == eventId)));
        Assert.False(await house.InDbAsync(db => db.StripeObjects.AnyAsync(o => o.StripeId == objectId)));
    }
}
