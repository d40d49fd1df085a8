using System.Net;
using System.Net.Http.Json;
using Newsletter.Contracts;

namespace Newsletter.Billing.Tests;

public sealed class SuspensionTests(BillingHouse house) : IClassFixture<BillingHouse>
{
    [Fact]
    public async Task A_suspended_publication_sells_nothing_while_members_see_and_end_what_they_pay_for()
    {
        var reader = await house.ReaderAsync();
        var session = await house.CheckoutAsync(reader);
        await TellAsync(suspended: true);
        using var stranger = house.Service.Anonymous();

        using var plans = await stranger.GetAsync("/scipapermill/plans");
        using var tiers = await stranger.GetAsync($"{house.Api}/tiers");
        using var begun = await stranger.PostAsync("/scipapermill/checkout", new FormUrlEncodedContent([new("tier", "reader"), new("interval", "month"), new("email", "new@example.com")]));
        using var byApi = await house.As(reader).PostAsJsonAsync($"{house.Api}/checkout", new { tier = "reader", interval = "month" });
        using var gift = await stranger.GetAsync("/scipapermill/gifts/any");
        Assert.All(new[] { plans, tiers, begun, byApi, gift }, answer => Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode));

        // Who was paying at that moment has paid, and hears of it.
        await house.Stripe.PayAsync(session);
        await house.GrantAsync(reader, _ => true);
        using var done = await stranger.GetAsync($"/scipapermill/checkout?session_id={session}");
        using var membership = await house.As(reader).GetAsync("/scipapermill/billing");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (done.StatusCode, membership.StatusCode));
        using var portal = await house.As(reader).PostAsync("/scipapermill/billing", new FormUrlEncodedContent([]));
        Assert.Equal(HttpStatusCode.BadRequest, portal.StatusCode);
        await TellAsync(suspended: false);
    }

    private Task TellAsync(bool suspended) => house.Service.PublishAsync(new PublicationChanged(
        house.Publication with { Version = house.Publication.Version + (suspended ? 1 : 2), Suspended = suspended }));
}
