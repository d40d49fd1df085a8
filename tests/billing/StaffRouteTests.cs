using System.Net;
using System.Net.Http.Json;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;

namespace Newsletter.Billing.Tests;

/// <summary>Every route of staff, whoever adds one; and what their calls leave in the log.</summary>
public sealed class StaffRouteTests(BillingHouse house) : IClassFixture<BillingHouse>
{
    [Fact]
    public async Task Who_may_all_but_what_a_route_asks_for_is_refused_there()
    {
        var routes = StaffRoutes.Of(house.Service.Services, house.Publication.Slug);
        Assert.True(routes.Count > 5);
        foreach (var route in routes)
        {
            var client = house.Service.As(Role.Operator, route.OnPublication ? house.Publication.Id : null, null, route.OtherPermissions);
            using var answer = await client.SendAsync(new HttpRequestMessage(new(route.Method), route.Path));
            Assert.True(answer.StatusCode == HttpStatusCode.Forbidden, $"{route}: {(int)answer.StatusCode}");
        }
    }

    [Fact]
    public void What_changes_something_leaves_an_entry() => Assert.DoesNotContain(StaffRoutes.Of(house.Service.Services, "p"), r => r.Changes && !r.LeavesEntry);

    [Fact]
    public async Task A_tier_s_new_price_is_told_with_the_old_one_and_a_refused_one_is_not()
    {
        await house.AddTierAsync("audited", 500, null);
        using var refused = await house.Owner.PutAsJsonAsync($"{house.Api}/tiers/audited", new { name = "AUDITED", currency = "usd", prices = new { month = -1 } });
        using var changed = await house.Owner.PutAsJsonAsync($"{house.Api}/tiers/audited", new { name = "AUDITED", currency = "usd", benefits = new[] { "Everything" }, prices = new { month = 900 } });

        var acted = await house.Service.SentAsync<StaffActed>(a => a.Target == "tiers/audited");

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.OK), (refused.StatusCode, changed.StatusCode));
        Assert.Equal(("PUT tiers/{slug}", house.Publication.Id), (acted.Action, acted.PublicationId));
        Assert.Equal(("monthPrice", "500", "900"), Assert.Single(acted.Changes) is var c ? (c.Property, c.Before, c.After) : default);
        Assert.Single(house.Service.Sent<StaffActed>(), a => a.Target == "tiers/audited");
    }

    [Fact]
    public async Task A_payment_account_s_secrets_are_told_of_as_changed_only()
    {
        using var set = await house.Owner.PutAsJsonAsync($"{house.Api}/payment-account", new { secretKey = "sk_test_of_the_auditor" });
        Assert.Equal(HttpStatusCode.OK, set.StatusCode);

        var acted = await house.Service.SentAsync<StaffActed>(a => a.Target == "payment-account");

        Assert.Contains(acted.Changes, c => c is { Property: "stripeAccountId", After: not null });
        Assert.All(acted.Changes.Where(c => c.Property is "secretKey" or "webhookSecret"), c => Assert.Equal((null, null, true), (c.Before, c.After, c.Withheld)));
        Assert.Contains(acted.Changes, c => c is { Property: "secretKey", Withheld: true });
    }
}
