using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Contracts;
using Newsletter.Defaults.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Billing.Tests;

public abstract class StatisticsTests(BillingHouse house)
{
    private static readonly DateTimeOffset NextYear = new(DateTimeOffset.UtcNow.Year + 1, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Members_are_counted_by_day_tier_and_source_and_each_reader_once()
    {
        // Where no day ends while this runs.
        var zone = DateTimeOffset.UtcNow.Hour == 23 ? "Etc/GMT+12" : "Etc/UTC";
        await house.Service.PublishAsync(new PublicationChanged(house.Publication with { Version = HybridClock.Now(TimeProvider.System), TimeZone = zone }));
        var before = await StatisticsAsync();
        var (payer, _, _) = await house.MemberAsync();
        await GiveAsync(payer, "lab");
        var guest = await house.ReaderAsync();
        var taken = await GiveAsync(guest, "lab");
        (await house.Owner.DeleteAsync($"{house.Api}/grants/{taken}")).EnsureSuccessStatusCode();
        var still = await StatisticsAsync();
        Assert.Equal(Active(before), Active(still));

        house.Service.Time.Advance(TimeSpan.FromSeconds(61));
        var after = await StatisticsAsync();

        var (was, now) = (before.GetProperty("days").EnumerateArray().Last(), after.GetProperty("days").EnumerateArray().Last());
        Assert.Equal(28, after.GetProperty("days").GetArrayLength());
        Assert.Equal(was.GetProperty("day").GetString(), now.GetProperty("day").GetString());
        Assert.Equal(3, now.GetProperty("started").GetInt32() - was.GetProperty("started").GetInt32());
        Assert.Equal(1, now.GetProperty("ended").GetInt32() - was.GetProperty("ended").GetInt32());
        Assert.Equal(1, Active(after) - Active(before));
        Assert.Equal(1, In(after, "byTier", "tier", "lab") - In(before, "byTier", "tier", "lab"));
        Assert.Equal(1, In(after, "byTier", "tier", "reader") - In(before, "byTier", "tier", "reader"));
        Assert.Equal(1, In(after, "bySource", "source", "complimentary") - In(before, "bySource", "source", "complimentary"));
        Assert.Equal("READER", after.GetProperty("totals").GetProperty("byTier").EnumerateArray().Single(t => t.GetProperty("tier").GetString() == "reader").GetProperty("name").GetString());
    }

    [Fact]
    public async Task Paying_members_are_listed_by_tier_and_status_page_by_page()
    {
        var (reader, _, id) = await house.MemberAsync("reader", "year");
        var (lab, _, _) = await house.MemberAsync("lab");
        await house.SettledAsync();

        var newest = (await GetAsync("memberships?limit=1")).GetProperty("items")[0];
        Assert.Equal((lab.Id, "lab", "active", "month", 1800), (newest.GetProperty("subscriberId").GetGuid(), newest.GetProperty("tier").GetString(), newest.GetProperty("status").GetString(), newest.GetProperty("interval").GetString(), newest.GetProperty("amount").GetInt32()));
        List<Guid> readers = [];
        string? cursor = null;
        do
        {
            var page = await GetAsync($"memberships?tier=reader&limit=1&cursor={cursor}");
            readers.AddRange(page.GetProperty("items").EnumerateArray().Select(m => m.GetProperty("subscriberId").GetGuid()));
            cursor = page.GetProperty("next").GetString();
        }
        while (cursor is not null);
        Assert.Contains(reader.Id, readers);
        Assert.DoesNotContain(lab.Id, readers);
        Assert.Equal(readers.Distinct().Count(), readers.Count);

        await house.Stripe.CallAsync(HttpMethod.Post, $"subscriptions/{id}", ("cancel_at_period_end", "true"));
        await Eventually.TrueAsync(async () => (await GetAsync("memberships?tier=reader&status=active")).GetProperty("items").EnumerateArray()
            .Any(m => m.GetProperty("subscriberId").GetGuid() == reader.Id && m.GetProperty("cancelsAtPeriodEnd").GetBoolean()), "the coming end");
        Assert.Equal(0, (await GetAsync("memberships?tier=lab&status=past_due")).GetProperty("items").GetArrayLength());
        using var unknown = await house.Owner.GetAsync($"{house.Api}/memberships?status=rich");
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
    }

    [Fact]
    public async Task Payments_and_grants_of_one_reader_are_found()
    {
        var (reader, grant, _) = await house.MemberAsync();
        var (other, _, _) = await house.MemberAsync();
        await house.SettledAsync();
        var given = await GiveAsync(reader, "lab");

        var payments = (await GetAsync($"payments?subscriberId={reader.Id}")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal([(reader.Id, 600)], payments.Select(p => (p.GetProperty("subscriberId").GetGuid(), p.GetProperty("amount").GetInt32())));
        Assert.Contains((await GetAsync("payments?limit=100")).GetProperty("items").EnumerateArray(), p => p.GetProperty("subscriberId").GetGuid() == other.Id);

        var grants = (await GetAsync($"grants?subscriberId={reader.Id}&active=true")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal([given, grant.Id], grants.Select(g => g.GetProperty("id").GetGuid()));
        var first = await GetAsync($"grants?subscriberId={reader.Id}&limit=1");
        var rest = await GetAsync($"grants?subscriberId={reader.Id}&limit=1&cursor={first.GetProperty("next").GetString()}");
        Assert.Equal([given, grant.Id], new[] { first, rest }.Select(page => page.GetProperty("items")[0].GetProperty("id").GetGuid()));
    }

    private async Task<JsonElement> GetAsync(string path) => await house.Owner.GetFromJsonAsync<JsonElement>($"{house.Api}/{path}", TestContext.Current.CancellationToken);

    private Task<JsonElement> StatisticsAsync() => GetAsync("statistics/members");

    private static int Active(JsonElement statistics) => statistics.GetProperty("totals").GetProperty("active").GetInt32();

    private static int In(JsonElement statistics, string list, string key, string value) => statistics.GetProperty("totals").GetProperty(list).EnumerateArray()
        .Where(t => t.GetProperty(key).GetString() == value).Sum(t => t.GetProperty("active").GetInt32());

    private async Task<Guid> GiveAsync(SubscriberSnapshot reader, string tier)
    {
        using var given = await house.Owner.PostAsJsonAsync($"{house.Api}/grants", new { subscriberId = reader.Id, tier, until = NextYear, source = "complimentary" });
        given.EnsureSuccessStatusCode();
        return (await given.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }
}

public sealed class PostgresStatisticsTests(BillingHouse house) : StatisticsTests(house), IClassFixture<BillingHouse>;

public sealed class SqliteStatisticsTests(BillingOnSqlite house) : StatisticsTests(house), IClassFixture<BillingOnSqlite>;
