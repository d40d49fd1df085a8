using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Grants;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Subscriptions;
using Newsletter.Billing.Tiers;
using Newsletter.Defaults.Storage;

namespace Newsletter.Billing.Tests;

public sealed class StorageTests
{
    [Fact]
    public void Migrations_are_those_of_the_model()
    {
        using var postgres = new BillingPostgresDb(new DbContextOptionsBuilder<BillingPostgresDb>().UsePostgresForTests().Options);
        using var sqlite = new BillingSqliteDb(new DbContextOptionsBuilder<BillingSqliteDb>().UseSqlite("Data Source=:memory:").UseSnakeCaseNamingConvention().Options);
        Assert.False(postgres.Database.HasPendingModelChanges());
        Assert.False(sqlite.Database.HasPendingModelChanges());
    }

    private static readonly DateTime Start = new(2026, 7, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime End = new(2026, 8, 1, 12, 0, 0, DateTimeKind.Utc);

    public static TheoryData<string, DateTime?, DateTime?, DateTime?> Windows() => new()
    {
        // status, cancel at, ended at, and until when access is open
        { "active", null, null, End.AddDays(3) },
        { "trialing", null, null, End.AddDays(3) },
        { "active", End, null, End },
        { "active", Start.AddDays(9), null, Start.AddDays(9) },
        { "past_due", null, null, Start.AddDays(14) },
        { "past_due", Start.AddDays(2), null, Start.AddDays(2) },
        { "canceled", null, Start.AddHours(1), Start.AddHours(1) },
        { "unpaid", null, null, Start },
        { "paused", null, null, Start },
        { "incomplete", null, null, null },
        { "incomplete_expired", null, null, null },
    };

    [Theory]
    [MemberData(nameof(Windows))]
    public void Access_follows_the_subscription(string status, DateTime? cancelAt, DateTime? endedAt, DateTime? until)
    {
        var customer = Customer.Of(Guid.NewGuid(), "cus_1", Guid.NewGuid(), Guid.NewGuid(), null, TimeProvider.System);
        var subscription = Subscription.Of(customer, "sub_1", TimeProvider.System);
        var stripe = new Stripe.Subscription { Id = "sub_1", Status = status, Currency = "usd", StartDate = Start.AddMonths(-1), CancelAt = cancelAt, EndedAt = endedAt };
        var item = new Stripe.SubscriptionItem { CurrentPeriodStart = Start, CurrentPeriodEnd = End, Quantity = 1, Price = new() { UnitAmount = 600, Recurring = new() { Interval = "month" } } };
        subscription.Take(stripe, item, Guid.NewGuid(), TimeProvider.System);

        var window = GrantWindow.Of(subscription, new GrantOptions());
        Assert.Equal(until, window?.Until.UtcDateTime);

        subscription.Take(stripe, item, tierId: null, TimeProvider.System);
        Assert.Null(GrantWindow.Of(subscription, new GrantOptions()));
    }
}

internal static class Postgres
{
    public static DbContextOptionsBuilder<BillingPostgresDb> UsePostgresForTests(this DbContextOptionsBuilder<BillingPostgresDb> options)
    {
        options.UsePostgres("Host=localhost");
        return options;
    }
}
