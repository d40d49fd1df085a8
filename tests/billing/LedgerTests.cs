using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Ledger;
using Newsletter.Tests.Harness;

namespace Newsletter.Billing.Tests;

public sealed class LedgerTests(BillingHouse house) : IClassFixture<BillingHouse>
{
    [Fact]
    public async Task Refunds_and_disputes_are_booked_against_what_was_paid()
    {
        var (reader, _, id) = await house.MemberAsync();
        await house.Stripe.AdvanceAsync(id);
        await Eventually.TrueAsync(async () => (await LinesAsync(reader.Id)).Count == 2, "two payments");
        var charges = (await house.Stripe.CallAsync(HttpMethod.Get, "charges?limit=2"))["data"]!.AsArray().Select(c => c!["id"]!.GetValue<string>()).ToList();

        await house.Stripe.CallAsync(HttpMethod.Post, "refunds", ("charge", charges[0]), ("amount", "250"));
        await Eventually.TrueAsync(async () => (await LinesAsync(reader.Id)).Sum(l => l.Amount) == 950, "a refund in part");

        await house.Stripe.ControlAsync($"charges/{charges[1]}/dispute");
        await Eventually.TrueAsync(async () => (await LinesAsync(reader.Id)).Sum(l => l.Amount) == 350, "a dispute");
        var dispute = (await house.Stripe.CallAsync(HttpMethod.Get, "disputes"))["data"]![0]!["id"]!.GetValue<string>();
        await house.Stripe.ControlAsync($"disputes/{dispute}/close", new { won = true });
        await Eventually.TrueAsync(async () => (await LinesAsync(reader.Id)).Sum(l => l.Amount) == 950, "the money back");
        Assert.Equal(5, (await LinesAsync(reader.Id)).Count);
    }

    [Fact]
    public async Task The_list_goes_from_the_newest_to_the_oldest_without_a_gap()
    {
        for (var member = 0; member < 3; member++) await house.MemberAsync();
        await house.SettledAsync();
        List<string> seen = [];
        string? cursor = null;
        do
        {
            var page = (await house.Owner.GetFromJsonAsync<JsonObject>($"{house.Api}/payments?limit=2&cursor={cursor}"))!;
            seen.AddRange(page["items"]!.AsArray().Select(i => i!["id"]!.GetValue<string>()));
            cursor = page["next"]?.GetValue<string>();
        } while (cursor is not null);
        Assert.Equal(await house.InDbAsync(db => db.MoneyLines.CountAsync()), seen.Distinct().Count());
        Assert.Equal(seen.OrderDescending(StringComparer.Ordinal), seen);
    }

    [Theory]
    [InlineData(600, "usd", "$6.00")]
    [InlineData(123456789, "eur", "€1,234,567.89")]
    [InlineData(-5, "gbp", "−£0.05")]
    [InlineData(600, "jpy", "¥600")]
    [InlineData(600, "chf", "CHF 6.00")]
    [InlineData(6000, "kwd", "KWD 6.000")]
    public void Amounts_are_written_for_people(long amount, string currency, string expected) => Assert.Equal(expected, Money.Format(amount, currency));

    private Task<List<MoneyLine>> LinesAsync(Guid reader) => house.InDbAsync(db => (
        from line in db.MoneyLines.AsNoTracking()
        join customer in db.Customers on line.CustomerId equals customer.Id
        where customer.SubscriberId == reader
        select line).ToListAsync());
}
