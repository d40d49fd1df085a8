using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Newsletter.Defaults.Identity;

namespace Newsletter.Billing.Tests;

public sealed class TierTests(BillingHouse house) : IClassFixture<BillingHouse>
{
    [Fact]
    public async Task A_saved_tier_is_on_sale_for_anyone()
    {
        using var created = await house.Owner.PostAsJsonAsync($"{house.Api}/tiers", Tier("patron", benefits: ["Dinner <b>once</b>"], description: "For friends"));
        Assert.Equal((HttpStatusCode.Created, $"{house.Api}/tiers/patron"), (created.StatusCode, created.Headers.Location?.ToString()));
        var list = await house.Service.Anonymous().GetFromJsonAsync<JsonObject>($"{house.Api}/tiers");
        var tier = list!["items"]!.AsArray().Single(t => t!["slug"]!.GetValue<string>() == "patron")!;
        Assert.Equal(600, tier["prices"]!["month"]!.GetValue<long>());

        var page = await house.Service.Anonymous().GetStringAsync("/scipapermill/plans");
        Assert.Contains("Dinner &lt;b&gt;once&lt;/b&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>once", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_price_is_for_new_members_only()
    {
        await house.AddTierAsync("rising", 500, null);
        var old = await house.ReaderAsync();
        await house.Stripe.PayAsync(await house.CheckoutAsync(old, "rising"));
        await house.GrantAsync(old, g => g.Tier == "rising");
        using var changed = await house.Owner.PutAsJsonAsync($"{house.Api}/tiers/rising", Tier(null, month: 900));
        changed.EnsureSuccessStatusCode();
        var late = await house.ReaderAsync();
        await house.Stripe.PayAsync(await house.CheckoutAsync(late, "rising"));
        await house.GrantAsync(late, g => g.Tier == "rising");
        Assert.Equal(500, (await house.SubscriptionsAsync(old)).Single().Amount);
        Assert.Equal(900, (await house.SubscriptionsAsync(late)).Single().Amount);
    }

    [Fact]
    public async Task A_tier_that_is_no_longer_sold_is_for_staff_to_see_only()
    {
        await house.AddTierAsync("retired", 500, null);
        using var changed = await house.Owner.PutAsJsonAsync($"{house.Api}/tiers/retired", Tier(null, active: false));
        changed.EnsureSuccessStatusCode();
        Assert.DoesNotContain("retired", await house.Service.Anonymous().GetStringAsync($"{house.Api}/tiers"), StringComparison.Ordinal);
        Assert.Contains("retired", await house.Owner.GetStringAsync($"{house.Api}/tiers"), StringComparison.Ordinal);
        using var checkout = await house.As(await house.ReaderAsync()).PostAsJsonAsync($"{house.Api}/checkout", new { tier = "retired", interval = "month" });
        Assert.Equal(HttpStatusCode.BadRequest, checkout.StatusCode);
    }

    [Fact]
    public async Task A_slug_is_taken_once()
    {
        using var again = await house.Owner.PostAsJsonAsync($"{house.Api}/tiers", Tier("reader"));
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
    }

    [Fact]
    public async Task The_list_goes_on_behind_its_cursor()
    {
        var first = (await house.Owner.GetFromJsonAsync<JsonObject>($"{house.Api}/tiers?limit=1"))!;
        Assert.Single(first["items"]!.AsArray());
        var second = (await house.Owner.GetFromJsonAsync<JsonObject>($"{house.Api}/tiers?limit=1&cursor={first["next"]}"))!;
        Assert.NotEqual(first["items"]![0]!["slug"]!.GetValue<string>(), second["items"]![0]!["slug"]!.GetValue<string>());
        using var wrong = await house.Owner.GetAsync($"{house.Api}/tiers?cursor=%21");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    public static TheoryData<string> Nonsense() =>
    [
        """{"slug":"Bad Slug","name":"x","currency":"usd","prices":{"month":1}}""",
        """{"slug":"x1","name":"","currency":"usd","prices":{"month":1}}""",
        """{"slug":"x2","name":"x","currency":"dollars","prices":{"month":1}}""",
        """{"slug":"x3","name":"x","currency":"usd","prices":{}}""",
        """{"slug":"x4","name":"x","currency":"usd","prices":{"month":-5}}""",
        """{"slug":"x5","name":"x","currency":"usd","prices":{"month":0}}""",
        """{"slug":"x6","name":"x","currency":"usd"}""",
        """{"slug":"x7","name":"x","currency":"usd","prices":{"month":1.5}}""",
        """{"slug":"x8","name":"x","currency":"usd","prices":{"month":1},"benefits":[null]}""",
        """{"slug":"x9","name":null,"currency":"usd","prices":null}""",
        "{\"slug\":",
    ];

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task A_tier_that_makes_no_sense_is_refused(string body)
    {
        using var response = await house.Owner.PostAsync($"{house.Api}/tiers", new StringContent(body, null, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task The_plans_of_anonymous_visitors_may_be_cached_and_those_of_readers_not()
    {
        using var anonymous = await house.Service.Anonymous().GetAsync("/scipapermill/plans");
        Assert.True(anonymous.Headers.CacheControl!.Public);
        using var reader = await house.As(await house.ReaderAsync()).GetAsync("/scipapermill/plans");
        Assert.True(reader.Headers.CacheControl is { Private: true, NoStore: true });
    }

    internal static object Tier(string? slug, long month = 600, bool active = true, string[]? benefits = null, string description = "") =>
        slug is null
            ? new { name = "Tier", description, currency = "usd", prices = new { month }, benefits = benefits ?? [], active }
            : new { slug, name = "Tier", description, currency = "usd", prices = new { month }, benefits = benefits ?? [] };
}
