using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Hosting;

namespace Newsletter.Billing.Tests;

public sealed class ReconciliationTests(BillingHouse house) : IClassFixture<BillingHouse>
{
    [Fact]
    public async Task An_account_whose_key_Stripe_refuses_does_not_keep_the_others_from_being_compared()
    {
        house.Service.Services.GetRequiredService<IOptions<NewsletterOptions>>().Value.Url = house.Service.Address.ToString();
        using var own = await house.Owner.PutAsJsonAsync($"{house.Api}/payment-account", new { secretKey = "sk_test_of_the_publisher" });
        own.EnsureSuccessStatusCode();
        await house.Stripe.LoseWebhooksAsync();
        var reader = await house.ReaderAsync();
        await house.Stripe.PayAsync(await house.CheckoutAsync(reader));
        await house.SettledAsync();

        // The installation's account is asked first, and refused.
        await house.Stripe.FaultsAsync(new { dropFirst = 1_000_000, apiStatus = 401, apiCount = 1 });
        using var response = await house.Service.Anonymous().PostAsync("/internal/reconcile", null);

        response.EnsureSuccessStatusCode();
        Assert.Equal(1, (await response.Content.ReadFromJsonAsync<JsonObject>())!["refused"]?.GetValue<int>());
        await house.GrantAsync(reader, g => g.Tier == "reader");
        await house.Stripe.FaultsAsync(new { });
    }
}
