using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Billing.Webhooks;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;

namespace Newsletter.Billing.Tests;

/// <summary>Stripe away, processes killed, and several at the same work.</summary>
public sealed class ProviderFaultTests(BillingHouse house) : IClassFixture<BillingHouse>
{
    [Theory]
    [InlineData(500, HttpStatusCode.ServiceUnavailable)]
    [InlineData(401, HttpStatusCode.BadGateway)]
    public async Task A_provider_that_fails_at_checkout_gives_a_clear_page_and_leaves_nothing(int answer, HttpStatusCode expected)
    {
        var reader = await house.ReaderAsync();
        await house.Stripe.FaultsAsync(new { apiStatus = answer, apiCount = 100 });
        var before = await house.InDbAsync(db => db.Checkouts.CountAsync());

        using var page = await CheckoutTests.PostFormAsync(house.As(reader), ("tier", "reader"), ("interval", "year"));
        Assert.Equal(expected, page.StatusCode);
        Assert.Contains("Nothing was charged", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var api = await house.As(reader).PostAsJsonAsync($"{house.Api}/checkout", new { tier = "reader", interval = "year" });
        Assert.Equal((expected, "application/problem+json"), (api.StatusCode, api.Content.Headers.ContentType?.MediaType));

        Assert.Equal(before, await house.InDbAsync(db => db.Checkouts.CountAsync()));
        await house.Stripe.FaultsAsync(new { });
        await house.CheckoutAsync(reader, interval: "year");
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_at_all_is_away_too_and_loses_no_tier()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var service = await house.StartServiceAsync(null, ("Stripe:ApiBase", $"http://{silent.LocalEndpoint}"), ("Stripe:TimeoutSeconds", "1"));
        await service.PublishAsync(new PublicationChanged(house.Publication));
        using var owner = service.As(Role.Owner, house.Publication.Id);
        using var saved = await owner.PostAsJsonAsync($"{house.Api}/tiers", new { slug = "reader", name = "Reader", currency = "eur", prices = new { month = 500 } });
        Assert.Equal(HttpStatusCode.Created, saved.StatusCode);
        using var response = await CheckoutTests.PostFormAsync(service.Anonymous(), ("tier", "reader"), ("interval", "month"), ("email", "ada@example.com"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("Reader", await service.Anonymous().GetStringAsync("/scipapermill/plans"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_stored_before_a_kill_is_fetched_by_the_next_process()
    {
        await using var database = await TestDatabase.CreateAsync();
        var reader = await house.ReaderAsync();
        await house.Stripe.LoseWebhooksAsync();
        var before = (await house.Stripe.EventsAsync()).Count;
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        string subscription;
        await using (var first = await house.StartServiceAsync(database))
        {
            await PrepareAsync(first, reader);
            subscription = await PaidAsync(first, reader);
        }
        // It takes the event, begins to fetch from a Stripe that says nothing, and never finishes.
        await using (var killed = await house.StartServiceAsync(database, ("Stripe:ApiBase", $"http://{silent.LocalEndpoint}"), ("Billing:LeaseSeconds", "1")))
        {
            foreach (var body in (await house.Stripe.EventsAsync()).Skip(before))
                (await killed.Anonymous().PostEventAsync(body, house.Stripe.WebhookSecret)).EnsureSuccessStatusCode();
            await Eventually.TrueAsync(() => killed.WithDbAsync<Storage.BillingDb, bool>(db => db.StripeObjects.AnyAsync(o => o.StripeId == subscription && o.Lease != null)), "a lease");
        }
        await using var next = await house.StartServiceAsync(database, ("Billing:LeaseSeconds", "1"));
        await next.SentAsync<GrantsChanged>(e => e.Grants.Any(g => g.SubscriberId == reader.Id));
        await house.Stripe.FaultsAsync(new { });
    }

    [Fact]
    public async Task Two_processes_at_the_same_object_write_it_once()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var one = await house.StartServiceAsync(database);
        await using var two = await house.StartServiceAsync(database);
        await house.Stripe.LoseWebhooksAsync();
        var before = (await house.Stripe.EventsAsync()).Count;
        var reader = await house.ReaderAsync();
        await PrepareAsync(one, reader);
        await PaidAsync(one, reader);
        var events = (await house.Stripe.EventsAsync()).Skip(before).ToList();
        await Task.WhenAll(Enumerable.Range(0, 10).SelectMany(_ => new[] { one, two }).Select(async service =>
        {
            foreach (var body in events) (await service.Anonymous().PostEventAsync(body, house.Stripe.WebhookSecret)).EnsureSuccessStatusCode();
        }));
        await Eventually.TrueAsync(
            () => one.WithDbAsync<Storage.BillingDb, bool>(async db => await db.Invoices.AnyAsync(i => i.ReceiptSent) && !await db.StripeObjects.AnyAsync(o => o.DueAt != null) && !await db.Outbox.AnyAsync()),
            "a queue without work");
        // The outbox hands over at least once: what counts is how often something was said, not how often it was heard.
        Assert.Single(one.Sent<GrantsChanged>().Concat(two.Sent<GrantsChanged>()).SelectMany(e => e.Grants).DistinctBy(g => (g.Id, g.Version)));
        Assert.Single(one.Sent<SendTransactionalMail>().Concat(two.Sent<SendTransactionalMail>()).DistinctBy(m => m.MailId));
        await house.Stripe.FaultsAsync(new { });
    }

    [Fact]
    public async Task A_worker_whose_lease_is_over_writes_nothing()
    {
        await house.InDbAsync(async db =>
        {
            // In an hour, so that the worker of the house leaves the row alone.
            var later = new ShiftedTime();
            later.Advance(TimeSpan.FromHours(1));
            var queue = new SyncQueue(db, later);
            var account = Accounts.PaymentAccount.InstallationId(Accounts.PaymentMode.Test);
            await queue.RaiseAsync(account, StripeKind.Charge, "ch_lease", CancellationToken.None);
            var row = await db.StripeObjects.AsNoTracking().SingleAsync(o => o.StripeId == "ch_lease");
            var slow = await queue.ClaimAsync(row, TimeSpan.FromMilliseconds(-1), CancellationToken.None);
            var quick = await queue.ClaimAsync(row, TimeSpan.FromMinutes(1), CancellationToken.None);
            Assert.Null(await queue.ClaimAsync(row, TimeSpan.FromMinutes(1), CancellationToken.None));
            Assert.False(await queue.FinishAsync(slow!, CancellationToken.None));

            // News while the quick one is at work: it is not finished with them.
            await queue.RaiseAsync(account, StripeKind.Charge, "ch_lease", CancellationToken.None);
            Assert.True(await queue.FinishAsync(quick!, CancellationToken.None));
            Assert.NotNull((await db.StripeObjects.AsNoTracking().SingleAsync(o => o.StripeId == "ch_lease")).DueAt);
            return await db.StripeObjects.Where(o => o.StripeId == "ch_lease").ExecuteDeleteAsync();
        });
    }

    private async Task PrepareAsync(ServiceUnderTest service, SubscriberSnapshot reader)
    {
        await service.PublishAsync(new PublicationChanged(house.Publication));
        await service.PublishAsync(new SubscribersChanged(house.Publication.Id, [reader]));
        using var owner = service.As(Role.Owner, house.Publication.Id);
        (await owner.PostAsJsonAsync($"{house.Api}/tiers", new { slug = "reader", name = "Reader", currency = "usd", prices = new { month = 600 } })).EnsureSuccessStatusCode();
    }

    /// <summary>Pays at a process. Answers the subscription.</summary>
    private async Task<string> PaidAsync(ServiceUnderTest service, SubscriberSnapshot reader)
    {
        using var client = service.As(Role.Reader, house.Publication.Id, reader.Id);
        using var begun = await client.PostAsJsonAsync($"{house.Api}/checkout", new { tier = "reader", interval = "month" });
        begun.EnsureSuccessStatusCode();
        var session = BillingHouse.SessionOf((await begun.Content.ReadFromJsonAsync<System.Text.Json.Nodes.JsonObject>())!["url"]!.GetValue<string>());
        await house.Stripe.PayAsync(session);
        return (await house.Stripe.CallAsync(HttpMethod.Get, $"checkout/sessions/{session}"))["subscription"]!.GetValue<string>();
    }
}
