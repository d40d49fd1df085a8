using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Contracts;
using Newsletter.Tests.Harness;

namespace Newsletter.Billing.Tests;

public sealed class GrantTests(BillingHouse house) : IClassFixture<BillingHouse>
{
    private static readonly DateTimeOffset NextYear = new(DateTimeOffset.UtcNow.Year + 1, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Staff_give_access_and_take_it_back()
    {
        var reader = await house.ReaderAsync();
        using var given = await GiveAsync(reader.Id, "reader", NextYear);
        Assert.Equal(HttpStatusCode.Created, given.StatusCode);
        var grant = await house.GrantAsync(reader, g => g.Source == GrantSource.Complimentary);
        Assert.Equal(("reader", NextYear), (grant.Tier, grant.Until));
        Assert.Contains("With our compliments", await house.As(reader).GetStringAsync("/scipapermill/billing"), StringComparison.Ordinal);

        using var taken = await house.Owner.DeleteAsync($"{house.Api}/grants/{grant.Id}");
        Assert.Equal(HttpStatusCode.NoContent, taken.StatusCode);
        var gone = await house.GrantAsync(reader, g => g.Deleted);
        Assert.True(gone.Version > grant.Version);
        using var again = await house.Owner.DeleteAsync($"{house.Api}/grants/{grant.Id}");
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
    }

    [Fact]
    public async Task What_is_paid_for_is_not_taken_by_hand()
    {
        var (_, grant, _) = await house.MemberAsync();
        using var response = await house.Owner.DeleteAsync($"{house.Api}/grants/{grant.Id}");
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
    }

    [Fact]
    public async Task A_grant_needs_a_reader_a_tier_and_a_time_to_come()
    {
        var reader = await house.ReaderAsync();
        foreach (var response in new[]
        {
            await GiveAsync(Guid.NewGuid(), "reader", NextYear), await GiveAsync(reader.Id, "none", NextYear),
            await GiveAsync(reader.Id, "reader", DateTimeOffset.UtcNow.AddDays(-1)), await GiveAsync(reader.Id, "reader", NextYear, "subscription"),
        })
        {
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            response.Dispose();
        }
        Assert.Empty(house.Grants(reader));
    }

    [Fact]
    public async Task A_gift_that_was_made_with_an_idempotency_key_is_kept_nowhere_in_clear()
    {
        using var owner = house.Service.As(Defaults.Identity.Role.Owner, house.Publication.Id);
        owner.DefaultRequestHeaders.Add("Idempotency-Key", Guid.NewGuid().ToString());
        using var made = await owner.PostAsJsonAsync($"{house.Api}/grants/gifts", new { tier = "lab", days = 30 });
        var url = (await made.Content.ReadFromJsonAsync<JsonObject>())!["url"]!.GetValue<string>();
        Assert.False(await house.Service.IsKeptAsync<BillingDb>(url[(url.LastIndexOf('/') + 1)..]));
    }

    [Fact]
    public async Task A_gift_is_taken_once()
    {
        using var made = await house.Owner.PostAsJsonAsync($"{house.Api}/grants/gifts", new { tier = "lab", days = 30 });
        made.EnsureSuccessStatusCode();
        var path = new Uri((await made.Content.ReadFromJsonAsync<JsonObject>())!["url"]!.GetValue<string>()).AbsolutePath;
        var reader = await house.ReaderAsync();
        using var taken = await TakeAsync(reader, path);
        Assert.Equal(HttpStatusCode.SeeOther, taken.StatusCode);
        var grant = await house.GrantAsync(reader, g => g.Source == GrantSource.Gift);
        Assert.Equal(TimeSpan.FromDays(30), grant.Until - grant.From);

        using var late = await house.Service.Anonymous().GetAsync(path);
        Assert.Equal(HttpStatusCode.Gone, late.StatusCode);
        using var unknown = await house.Service.Anonymous().GetAsync("/scipapermill/gifts/x");
        Assert.Equal(HttpStatusCode.Gone, unknown.StatusCode);
    }

    [Fact]
    public async Task A_resync_tells_of_every_grant_again_under_a_newer_version()
    {
        var (reader, grant, _) = await house.MemberAsync();
        using var response = await house.Service.Anonymous().PostAsync("/internal/resync?event=GrantsChanged", null);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        await house.Service.HurryAsync<BillingDb>();
        var part = await house.Service.SentAsync<Resync<GrantsChanged>>(r => r.Changed.Grants.Any(g => g.SubscriberId == reader.Id));
        var told = part.Changed.Grants.Single(g => g.SubscriberId == reader.Id);
        Assert.Equal((grant.Id, grant.Until), (told.Id, told.Until));
        Assert.True(told.Version >= part.Since && told.Version > grant.Version);
        var parts = house.Service.Sent<Resync<GrantsChanged>>().Where(r => r.ResyncId == part.ResyncId).ToList();
        Assert.Equal(part.Parts, parts.Count);
    }

    [Fact]
    public async Task An_erased_reader_is_forgotten_and_no_longer_charged_while_the_ledger_stays()
    {
        var (reader, _, id) = await house.MemberAsync();
        await house.SettledAsync();
        var erasure = new SubscriberErased(Guid.CreateVersion7(), house.Publication.Id, reader.Id, reader.Version + 1);
        await house.Service.PublishAsync(erasure);
        await house.Service.SentAsync<ErasureDone>(d => d.ErasureId == erasure.ErasureId && d.Service == "billing");
        await house.GrantAsync(reader, g => g.Deleted);
        await Eventually.TrueAsync(
            async () => (await house.Stripe.CallAsync(HttpMethod.Get, $"subscriptions/{id}"))["status"]!.GetValue<string>() == "canceled", "the end at Stripe");
        await house.SettledAsync();

        // A late copy of the reader does not bring the name back.
        await house.Service.PublishAsync(new SubscribersChanged(house.Publication.Id, [reader]));
        Assert.False(await house.InDbAsync(db => db.Readers.AnyAsync(r => r.Email == reader.Email || r.NormalisedEmail == reader.NormalisedEmail)));
        Assert.False(await house.InDbAsync(db => db.Customers.AnyAsync(c => c.SubscriberId == reader.Id && (c.Email != null || !c.Erased))));
        Assert.Equal(600, await house.InDbAsync(db => (
            from line in db.MoneyLines
            join customer in db.Customers on line.CustomerId equals customer.Id
            where customer.SubscriberId == reader.Id
            select line.Amount).SumAsync()));
        Assert.All(house.Grants(reader), g => Assert.True(g.Deleted));
    }

    [Fact]
    public async Task Who_paid_first_is_forgotten_even_when_the_deletion_is_heard_of_before_the_erasure()
    {
        const string address = "gone.payer@example.com";
        using var begun = await CheckoutTests.PostFormAsync(house.Service.Anonymous(), ("tier", "reader"), ("interval", "month"), ("email", address));
        using var abandoned = await CheckoutTests.PostFormAsync(house.Service.Anonymous(), ("tier", "reader"), ("interval", "month"), ("email", address));
        await house.Stripe.PayAsync(BillingHouse.SessionOf(begun.Headers.Location!.ToString()));
        await house.Service.SentAsync<RegisterSubscriber>(r => r.Email == address);
        var pending = await house.ReaderAsync(address, confirmed: false);
        await house.SettledAsync();
        var id = await house.InDbAsync(db => (
            from s in db.Subscriptions join c in db.Customers on s.CustomerId equals c.Id where c.NormalisedEmail == address select s.StripeId).SingleAsync());

        var erasure = new SubscriberErased(Guid.CreateVersion7(), house.Publication.Id, pending.Id, pending.Version + 1);
        await house.Service.PublishAsync(new SubscribersChanged(house.Publication.Id, [new() { Id = pending.Id, PublicationId = house.Publication.Id, Version = erasure.Version, Deleted = true }]));
        await house.Service.PublishAsync(erasure);
        await house.Service.SentAsync<ErasureDone>(d => d.ErasureId == erasure.ErasureId && d.Service == "billing");

        Assert.False(await house.InDbAsync(db => db.Customers.AnyAsync(c => c.NormalisedEmail == address)));
        Assert.False(await house.InDbAsync(db => db.Checkouts.AnyAsync(c => c.NormalisedEmail == address)));
        Assert.False(await house.InDbAsync(db => db.Readers.AnyAsync(r => r.NormalisedEmail == address || r.Email == address)));
        await Eventually.TrueAsync(
            async () => (await house.Stripe.CallAsync(HttpMethod.Get, $"subscriptions/{id}"))["status"]!.GetValue<string>() == "canceled", "the end at Stripe");
    }

    [Fact]
    public async Task Copies_of_readers_keep_the_newest_whatever_the_order()
    {
        var reader = await house.ReaderAsync("old@example.com");
        var newer = reader with { Version = reader.Version + 2, Email = "new@example.com", NormalisedEmail = "new@example.com" };
        await house.Service.PublishAsync(new SubscribersChanged(house.Publication.Id, [newer]));
        await house.Service.PublishAsync(new SubscribersChanged(house.Publication.Id, [reader with { Version = reader.Version + 1, Email = "middle@example.com" }]));
        await house.Service.PublishAsync(new SubscribersChanged(house.Publication.Id, [newer]));
        Assert.Equal("new@example.com", await house.InDbAsync(db => db.Readers.Where(r => r.Id == reader.Id).Select(r => r.Email).SingleAsync()));
    }

    private Task<HttpResponseMessage> GiveAsync(Guid reader, string tier, DateTimeOffset until, string source = "complimentary") =>
        house.Owner.PostAsJsonAsync($"{house.Api}/grants", new { subscriberId = reader, tier, until, source });

    private async Task<HttpResponseMessage> TakeAsync(SubscriberSnapshot reader, string path)
    {
        using var browser = house.Service.Anonymous(cookies: true);
        browser.DefaultRequestHeaders.Authorization = new("Bearer", house.Service.Tokens.Sign(Defaults.Identity.Role.Reader, house.Publication.Id, reader.Id));
        var field = System.Text.RegularExpressions.Regex.Match(await browser.GetStringAsync(path), "name=\"__form\" value=\"([^\"]+)\"").Groups[1].Value;
        return await browser.PostAsync(path, new FormUrlEncodedContent([new("__form", WebUtility.HtmlDecode(field))]));
    }
}
