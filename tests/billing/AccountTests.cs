using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Newsletter.Billing.Accounts;
using Newsletter.Contracts;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;

namespace Newsletter.Billing.Tests;

public sealed class AccountTests(BillingHouse house) : IClassFixture<BillingHouse>
{
    [Fact]
    public async Task A_publication_sells_through_its_own_account_and_hears_of_it_at_an_address_of_its_own()
    {
        house.Service.Services.GetRequiredService<IOptions<NewsletterOptions>>().Value.Url = house.Service.Address.ToString();
        var (former, grant, subscription) = await house.MemberAsync();

        using var set = await house.Owner.PutAsJsonAsync($"{house.Api}/payment-account", new { secretKey = "sk_test_of_the_publisher" });
        set.EnsureSuccessStatusCode();
        var account = (await set.Content.ReadFromJsonAsync<View>())!;
        Assert.True(account.Own);
        var stored = await house.InDbAsync(db => db.PaymentAccounts.SingleAsync(a => a.Id == account.Id));
        Assert.DoesNotContain("publisher", stored.SecretKey, StringComparison.Ordinal);
        Assert.DoesNotContain("publisher", await house.Owner.GetStringAsync($"{house.Api}/payment-account"), StringComparison.Ordinal);

        // The stand-in keeps what another key made in another account.
        var reader = await house.ReaderAsync();
        await house.Stripe.PayAsync(await house.CheckoutAsync(reader));
        await house.GrantAsync(reader, g => g.Tier == "reader");
        Assert.Equal(account.Id, (await house.SubscriptionsAsync(reader)).Single().AccountId);

        // The same account again is a new key, not a new account.
        using var again = await house.Owner.PutAsJsonAsync($"{house.Api}/payment-account", new { secretKey = "sk_test_of_the_publisher" });
        Assert.Equal(account.Id, (await again.Content.ReadFromJsonAsync<View>())!.Id);

        // Who came before stays with the account that sold it.
        await house.Stripe.AdvanceAsync(subscription);
        await house.GrantAsync(former, g => g.Until > grant.Until);
    }

    [Fact]
    public async Task An_event_touches_only_what_its_own_account_sold()
    {
        var other = BillingHouse.NewPublication("foreign");
        await house.Service.PublishAsync(new PublicationChanged(other));
        house.Service.Services.GetRequiredService<IOptions<NewsletterOptions>>().Value.Url = house.Service.Address.ToString();
        using var owner = house.Service.As(Role.Owner, other.Id);
        using var set = await owner.PutAsJsonAsync("/api/v1/publications/foreign/payment-account", new { secretKey = "sk_test_foreign" });
        var account = (await set.Content.ReadFromJsonAsync<View>())!;
        var secret = await house.InDbAsync(async db =>
            house.Service.Services.CreateScope().ServiceProvider.GetRequiredService<StripeAccounts>().WebhookSecretOf(await db.PaymentAccounts.SingleAsync(a => a.Id == account.Id)));

        var (reader, grant, id) = await house.MemberAsync();
        await house.SettledAsync();
        var forged = $$"""{"id":"evt_foreign","object":"event","type":"customer.subscription.deleted","created":1795000000,"livemode":false,"data":{"object":{"id":"{{id}}","object":"subscription"} } }""";
        using var wrong = await house.Service.Anonymous().PostEventAsync(forged, secret);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        using var taken = await house.Service.Anonymous().PostEventAsync(forged, secret, path: $"/webhooks/stripe/{account.Id}");
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        await house.SettledAsync();
        Assert.Equal(grant, Assert.Single(house.Grants(reader)));
    }

    [Fact]
    public async Task A_key_that_Stripe_refuses_is_not_kept()
    {
        await house.Stripe.FaultsAsync(new { apiStatus = 401, apiCount = 5 });
        using var set = await house.Owner.PutAsJsonAsync($"{house.Api}/payment-account", new { secretKey = "sk_test_wrong" });
        Assert.Equal(HttpStatusCode.BadRequest, set.StatusCode);
        await house.Stripe.FaultsAsync(new { });
        using var nonsense = await house.Owner.PutAsJsonAsync($"{house.Api}/payment-account", new { secretKey = "pk_test_public" });
        Assert.Equal(HttpStatusCode.BadRequest, nonsense.StatusCode);
    }

    private sealed record View(Guid Id, bool Own);
}
