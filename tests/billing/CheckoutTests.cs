using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;

namespace Newsletter.Billing.Tests;

public sealed class CheckoutTests(BillingHouse house) : IClassFixture<BillingHouse>
{
    [Fact]
    public async Task Paying_opens_access_within_five_seconds_and_sends_one_receipt()
    {
        // What is measured is no process's first payment.
        await house.MemberAsync();
        var reader = await house.ReaderAsync();
        var session = await house.CheckoutAsync(reader);
        await house.Stripe.PayAsync(session);

        var grant = await house.GrantAsync(reader, _ => true, BillingHouse.Soon);
        Assert.Equal(("reader", GrantSource.Subscription, false), (grant.Tier, grant.Source, grant.Deleted));
        var subscription = Assert.Single(await house.SubscriptionsAsync(reader));
        Assert.Equal(subscription.PeriodEnd.AddDays(3), grant.Until);

        var receipt = await house.Service.SentAsync<SendTransactionalMail>(m => m.SubscriberId == reader.Id);
        Assert.Equal((reader.Email, TransactionalTemplate.Receipt, "$6.00", "READER"), (receipt.To, receipt.Template, receipt.Values["amount"], receipt.Values["tier"]));
        await house.SettledAsync();
        Assert.Single(house.Service.Sent<SendTransactionalMail>(), m => m.SubscriberId == reader.Id);

        var page = await house.As(reader).GetStringAsync($"/scipapermill/checkout?session_id={session}");
        Assert.Contains("You are a member", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_keeps_what_is_paid_and_ends_it_to_the_second()
    {
        var (reader, _, id) = await house.MemberAsync();
        await house.Stripe.CallAsync(HttpMethod.Post, $"subscriptions/{id}", ("cancel_at_period_end", "true"));

        var end = (await house.SubscriptionsAsync(reader)).Single().PeriodEnd;
        await house.GrantAsync(reader, g => g.Until == end);
        Assert.Contains("Cancelled", await house.As(reader).GetStringAsync("/scipapermill/billing"), StringComparison.Ordinal);

        await house.Stripe.AdvanceAsync(id);
        await Eventually.TrueAsync(async () => !(await house.SubscriptionsAsync(reader)).Single().IsLive, "an ended subscription");
        await house.SettledAsync();
        var over = Assert.Single(house.Grants(reader));
        // The stand-in lets the month pass within the second that it began in.
        Assert.True(over.Deleted || over.Until == (await house.SubscriptionsAsync(reader)).Single().EndedAt);
    }

    [Fact]
    public async Task A_renewal_extends_access_and_is_receipted()
    {
        var (reader, first, id) = await house.MemberAsync(interval: "year");
        await house.Stripe.AdvanceAsync(id);
        var second = await house.GrantAsync(reader, g => g.Until > first.Until);
        Assert.Equal((await house.SubscriptionsAsync(reader)).Single().PeriodEnd.AddDays(3), second.Until);
        Assert.InRange(second.Until - first.Until, TimeSpan.FromDays(365), TimeSpan.FromDays(366));
        await Eventually.TrueAsync(() => Task.FromResult(house.Service.Sent<SendTransactionalMail>().Count(m => m.SubscriberId == reader.Id) == 2), "two receipts");
    }

    [Fact]
    public async Task A_failed_renewal_asks_for_another_card_and_leaves_a_grace()
    {
        var (reader, first, id) = await house.MemberAsync();
        await house.Stripe.FailNextPaymentAsync(id);
        await house.Stripe.AdvanceAsync(id);
        await house.Service.SentAsync<SendTransactionalMail>(m => m.SubscriberId == reader.Id && m.Template == TransactionalTemplate.PaymentFailed);
        var grace = await house.GrantAsync(reader, g => g.Until != first.Until);
        Assert.Equal((await house.SubscriptionsAsync(reader)).Single().PeriodStart.AddDays(14), grace.Until);

        await house.Stripe.ControlAsync($"subscriptions/{id}/retry-payment", new { succeeds = true });
        await house.GrantAsync(reader, g => g.Until > grace.Until);
    }

    [Fact]
    public async Task A_member_is_sent_to_the_membership_page_instead_of_paying_twice()
    {
        var (reader, _, _) = await house.MemberAsync();
        using var api = await house.As(reader).PostAsJsonAsync($"{house.Api}/checkout", new { tier = "lab", interval = "month" });
        Assert.Equal(HttpStatusCode.Conflict, api.StatusCode);
        using var form = await PostFormAsync(house.As(reader), ("tier", "lab"), ("interval", "month"));
        Assert.Equal((HttpStatusCode.SeeOther, "http://localhost:8080/scipapermill/billing"), (form.StatusCode, form.Headers.Location?.ToString()));
    }

    [Fact]
    public async Task Of_two_checkouts_paid_at_once_the_second_is_cancelled_and_refunded()
    {
        var reader = await house.ReaderAsync();
        string[] sessions = [await house.CheckoutAsync(reader), await house.CheckoutAsync(reader, "lab")];
        foreach (var session in sessions) await house.Stripe.PayAsync(session);

        await Eventually.TrueAsync(async () => (await house.SubscriptionsAsync(reader)) is [var a, var b] && a.IsLive != b.IsLive, "one subscription");
        await house.SettledAsync();
        var dismissed = (await house.SubscriptionsAsync(reader)).Single(s => !s.IsLive);
        var grant = Assert.Single(house.Grants(reader), g => !g.Deleted);
        var lines = await house.InDbAsync(db => db.MoneyLines.AsNoTracking().Where(l => l.CustomerId == dismissed.CustomerId).ToListAsync());
        Assert.Equal(0, lines.Sum(l => l.Amount));
        Assert.Equal(2, lines.Count);
        Assert.Equal(grant.Tier == "reader" ? 1800 : 600, lines.Max(l => l.Amount));
    }

    [Fact]
    public async Task Who_pays_first_gets_access_once_the_mailbox_is_proven()
    {
        using var anonymous = house.Service.Anonymous();
        using var begun = await PostFormAsync(anonymous, ("tier", "reader"), ("interval", "month"), ("email", "First.Payer@Example.com"));
        Assert.Equal(HttpStatusCode.SeeOther, begun.StatusCode);
        var session = BillingHouse.SessionOf(begun.Headers.Location!.ToString());
        await house.Stripe.PayAsync(session);

        var command = await house.Service.SentAsync<RegisterSubscriber>(r => r.Email == "First.Payer@Example.com");
        Assert.Equal(house.Publication.Id, command.PublicationId);
        await house.Service.SentAsync<SendTransactionalMail>(m => m.To == "First.Payer@Example.com" && m.Template == TransactionalTemplate.Receipt);
        await house.SettledAsync();
        Assert.Contains("One step is left", await anonymous.GetStringAsync($"/scipapermill/checkout?session_id={session}"), StringComparison.Ordinal);

        // Pending: known, but not proven.
        var pending = await house.ReaderAsync("First.Payer@example.com", confirmed: false);
        await house.SettledAsync();
        Assert.Empty(house.Grants(pending));

        await house.Service.PublishAsync(new SubscribersChanged(house.Publication.Id, [pending with { Version = pending.Version + 1, ConfirmedAt = DateTimeOffset.UtcNow }]));
        var grant = await house.GrantAsync(pending, g => g.Tier == "reader");
        Assert.Contains("<td class=\"num\">$6.00</td>", await house.As(pending).GetStringAsync("/scipapermill/billing"), StringComparison.Ordinal);
        Assert.True(grant.Until > DateTimeOffset.UtcNow.AddDays(27));
        await house.SettledAsync();
        Assert.Single(house.Service.Sent<RegisterSubscriber>(), r => r.Email == "First.Payer@Example.com");
    }

    [Fact]
    public async Task A_checkout_keeps_an_address_only_while_it_is_open_and_for_thirty_days_at_most()
    {
        var sessions = new Dictionary<string, string>();
        foreach (var fate in (string[])["paid", "expired", "open"])
        {
            using var begun = await PostFormAsync(house.Service.Anonymous(), ("tier", "reader"), ("interval", "month"), ("email", $"{fate}@example.com"));
            sessions[fate] = BillingHouse.SessionOf(begun.Headers.Location!.ToString());
        }
        await house.Stripe.PayAsync(sessions["paid"]);
        await house.Stripe.CallAsync(HttpMethod.Post, $"checkout/sessions/{sessions["expired"]}/expire");
        await Eventually.TrueAsync(async () => await AddressesAsync() is ["open@example.com"], "the address of the open one alone");
        Assert.True(await house.InDbAsync(db => db.Customers.AnyAsync(c => c.Email == "paid@example.com")));

        await house.InDbAsync(db => db.Checkouts.Where(c => c.SessionId == sessions["open"])
            .ExecuteUpdateAsync(row => row.SetProperty(c => c.CreatedAt, DateTimeOffset.UtcNow.AddDays(-31))));
        using var response = await house.Service.Anonymous().PostAsync("/internal/reconcile", null);
        response.EnsureSuccessStatusCode();
        Assert.Empty(await AddressesAsync());

        Task<List<string?>> AddressesAsync() =>
            house.InDbAsync(db => db.Checkouts.Where(c => sessions.Values.Contains(c.SessionId) && c.Email != null).Select(c => c.Email).ToListAsync());
    }

    [Fact]
    public async Task Who_pays_with_the_address_of_a_member_gets_the_money_back()
    {
        var (reader, _, id) = await house.MemberAsync();
        using var begun = await PostFormAsync(house.Service.Anonymous(), ("tier", "reader"), ("interval", "month"), ("email", reader.Email.ToUpperInvariant()));
        await house.Stripe.PayAsync(BillingHouse.SessionOf(begun.Headers.Location!.ToString()));
        await Eventually.TrueAsync(async () => (await house.SubscriptionsAsync(reader)).Count(s => s.DismissedAt is not null) == 1, "a dismissed subscription");
        Assert.Equal(id, Assert.Single(await house.SubscriptionsAsync(reader), s => s.IsLive).StripeId);
    }

    [Theory]
    [InlineData("reader", "month", "not an address")]
    [InlineData("reader", "month", "a@b@example.com")]
    [InlineData("reader", "month", "ada@example.com\r\nBcc: all@example.com")]
    [InlineData("reader", "week", "ada@example.com")]
    [InlineData("lab", "year", "ada@example.com")]
    [InlineData("none", "month", "ada@example.com")]
    public async Task A_form_that_makes_no_sense_is_shown_again(string tier, string interval, string email)
    {
        var before = await house.InDbAsync(db => db.Checkouts.CountAsync());
        using var response = await PostFormAsync(house.Service.Anonymous(), ("tier", tier), ("interval", interval), ("email", email));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("Please", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(before, await house.InDbAsync(db => db.Checkouts.CountAsync()));
    }

    [Fact]
    public async Task A_form_from_another_site_is_refused()
    {
        using var client = house.Service.Anonymous();
        client.DefaultRequestHeaders.Add("Sec-Fetch-Site", "cross-site");
        using var response = await PostFormAsync(client, ("tier", "reader"), ("interval", "month"), ("email", "ada@example.com"));
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task The_portal_opens_for_a_member_with_the_form_of_the_membership_page()
    {
        var (reader, _, _) = await house.MemberAsync();
        var token = house.Service.Tokens.Sign(Role.Reader, house.Publication.Id, reader.Id);
        using var browser = house.Service.Anonymous(cookies: true);
        browser.DefaultRequestHeaders.Authorization = new("Bearer", token);
        var page = await browser.GetStringAsync("/scipapermill/billing");
        Assert.Contains("$6.00 a month", page, StringComparison.Ordinal);

        using var without = await browser.PostAsync("/scipapermill/billing", new FormUrlEncodedContent([]));
        Assert.Equal(HttpStatusCode.BadRequest, without.StatusCode);

        var field = System.Text.RegularExpressions.Regex.Match(page, "name=\"__form\" value=\"([^\"]+)\"").Groups[1].Value;
        using var opened = await browser.PostAsync("/scipapermill/billing", new FormUrlEncodedContent([new("__form", WebUtility.HtmlDecode(field))]));
        Assert.Equal(HttpStatusCode.SeeOther, opened.StatusCode);
        Assert.Contains("/sandbox/portal/", opened.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkout_of_another_publication_is_unknown_here()
    {
        var other = BillingHouse.NewPublication("other");
        await house.Service.PublishAsync(new PublicationChanged(other));
        var session = await house.CheckoutAsync(await house.ReaderAsync());
        using var response = await house.Service.Anonymous().GetAsync($"/other/checkout?session_id={session}");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    internal static Task<HttpResponseMessage> PostFormAsync(HttpClient client, params (string Name, string Value)[] fields) =>
        client.PostAsync("/scipapermill/checkout", new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))));
}

/// <summary>The same way on the database of the standalone form.</summary>
public sealed class CheckoutOnSqliteTests(BillingOnSqlite house) : IClassFixture<BillingOnSqlite>
{
    [Fact]
    public async Task Paying_opens_access_and_cancelling_ends_it()
    {
        var (reader, grant, id) = await house.MemberAsync();
        await house.Stripe.CallAsync(HttpMethod.Post, $"subscriptions/{id}", ("cancel_at_period_end", "true"));
        await house.GrantAsync(reader, g => g.Until < grant.Until);
        await house.SettledAsync();
        var payments = await house.Owner.GetStringAsync($"{house.Api}/payments?limit=1");
        Assert.Contains("\"amount\":600", payments, StringComparison.Ordinal);
    }
}
