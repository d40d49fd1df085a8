using System.Collections;
using System.Reflection;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using Stripe;

namespace Newsletter.Sandbox.Tests;

/// <summary>Catches a field that the sandbox invents or misspells: every name on the wire must be one that Stripe.net reads.</summary>
public sealed class ShapeTests(SandboxUnderTest sandbox) : IClassFixture<SandboxUnderTest>
{
    /// <summary>Sent by Stripe, but left out of the library's model.</summary>
    private static readonly HashSet<string> NotModelled = ["receipt_number", "next_page"];

    [Fact]
    public async Task Everything_that_the_sandbox_tells_is_something_that_the_client_reads()
    {
        var stripe = sandbox.Stripe();
        var subscription = await sandbox.SubscribeAsync(stripe);
        await stripe.V1.Refunds.CreateAsync(new() { Charge = (await stripe.V1.Charges.ListAsync()).Data[0].Id, Amount = 100 });
        await sandbox.ControlAsync($"stripe/charges/{(await stripe.V1.Charges.ListAsync()).Data[0].Id}/dispute");
        await stripe.V1.Coupons.CreateAsync(new() { PercentOff = 10, Duration = "once" });
        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/fail-next-payment");
        await sandbox.ControlAsync($"stripe/subscriptions/{subscription.Id}/advance");
        var portal = await stripe.V1.BillingPortal.Sessions.CreateAsync(new() { Customer = subscription.CustomerId });
        var configuration = await stripe.V1.BillingPortal.Configurations.GetAsync(portal.ConfigurationId);
        var dearer = await SandboxUnderTest.PriceAsync(stripe, 1600);
        await stripe.V1.Subscriptions.UpdateAsync(subscription.Id, new() { Items = [new() { Id = subscription.Items.Data[0].Id, Price = dearer.Id }] });

        var problems = new List<string>();
        Check(JObject.Parse(portal.StripeResponse.Content), typeof(Stripe.BillingPortal.Session), "portal", problems);
        Check(JObject.Parse(configuration.StripeResponse.Content), typeof(Stripe.BillingPortal.Configuration), "configuration", problems);
        var types = new HashSet<string>();
        await foreach (var told in stripe.V1.Events.ListAutoPagingAsync(new() { Limit = 100 }))
        {
            types.Add(told.Type);
            Check(JObject.Parse(told.ToJson()), typeof(Event), told.Type, problems);
            Check(JObject.Parse(told.Data.RawObject.ToString()), told.Data.Object.GetType(), told.Type, problems);
        }

        Assert.Empty(problems.Distinct());
        Assert.Superset(new HashSet<string> { "charge.refunded", "charge.dispute.created", "invoice.payment_failed", "invoiceitem.created", "customer.subscription.updated" }, types);
    }

    private static void Check(JObject json, Type type, string at, List<string> problems)
    {
        var known = type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(property => (Name: property.GetCustomAttribute<JsonPropertyAttribute>()?.PropertyName, property.PropertyType))
            .Where(property => property.Name is not null)
            .GroupBy(property => property.Name!)
            .ToDictionary(group => group.Key, group => group.First().PropertyType);
        foreach (var property in json.Properties())
        {
            var name = $"{at}.{property.Name}";
            if (!known.TryGetValue(property.Name, out var inner))
            {
                if (!NotModelled.Contains(property.Name))
                {
                    problems.Add($"{name} ({type.Name})");
                }

                continue;
            }

            foreach (var child in property.Value is JArray array ? array.OfType<JObject>() : new[] { property.Value }.OfType<JObject>())
            {
                if (Element(inner) is { } element)
                {
                    Check(child, element, name, problems);
                }
            }
        }
    }

    /// <summary>The model below a property; null for dictionaries, expandable fields and what is read freely.</summary>
    private static Type? Element(Type type)
    {
        if (typeof(IDictionary).IsAssignableFrom(type) || type == typeof(object) || type == typeof(EventData))
        {
            return null;
        }

        if (type.IsGenericType)
        {
            return type.GetGenericTypeDefinition() == typeof(List<>) ? Element(type.GetGenericArguments()[0])
                : type.GetGenericTypeDefinition() == typeof(StripeList<>) ? type
                : null;
        }

        return type.Namespace?.StartsWith("Stripe", StringComparison.Ordinal) is true && !type.IsInterface ? type : null;
    }
}
