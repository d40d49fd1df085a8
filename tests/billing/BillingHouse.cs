using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Subscriptions;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Billing.Tests;

/// <summary>Billing with Stripe's stand-in beside it, one publication with two tiers, and the deeds that the tests are told in.</summary>
public class BillingHouse : IAsyncLifetime
{
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private int _readers;

    public ServiceUnderTest Service { get; private set; } = null!;
    public StripeStandIn Stripe { get; private set; } = null!;
    public PublicationSnapshot Publication { get; } = NewPublication("scipapermill");
    public HttpClient Owner { get; private set; } = null!;
    public string Api => $"/api/v1/publications/{Publication.Slug}";
    protected virtual DatabaseKind Database => DatabaseKind.Postgres;

    public virtual async ValueTask InitializeAsync()
    {
        Stripe = await StripeStandIn.StartAsync();
        Service = await StartServiceAsync(null);
        Stripe.SendWebhooksTo(Service.Address);
        await Service.PublishAsync(new PublicationChanged(Publication));
        Owner = Service.As(Role.Owner, Publication.Id);
        await AddTierAsync("reader", 600, 6000);
        await AddTierAsync("lab", 1800, null);
    }

    /// <summary>Another process on the same database where one is given.</summary>
    public Task<ServiceUnderTest> StartServiceAsync(TestDatabase? database, params (string Key, string Value)[] settings) => ServiceUnderTest.StartAsync(
        "billing", b => b.AddBilling(), a => a.MapBilling(),
        new Dictionary<string, string?>(settings.Select(s => KeyValuePair.Create<string, string?>(s.Key, s.Value)))
        {
            ["Stripe:ApiKey"] = Stripe.ApiKey,
            ["Stripe:ApiBase"] = settings.FirstOrDefault(s => s.Key == "Stripe:ApiBase").Value ?? Stripe.ApiBase,
            ["Stripe:WebhookSecret"] = Stripe.WebhookSecret,
            ["Stripe:TimeoutSeconds"] = settings.FirstOrDefault(s => s.Key == "Stripe:TimeoutSeconds").Value ?? "30",
        },
        Database, useDatabase: database);

    public static PublicationSnapshot NewPublication(string slug) => new()
    {
        Id = Guid.CreateVersion7(),
        Version = HybridClock.Now(TimeProvider.System),
        Slug = slug,
        Name = "SciPapermill",
        Tagline = "Weekly AI paper digests",
        BaseUrl = $"http://localhost:8080/{slug}",
        PostalAddress = "12 Mill Lane, Cambridge",
    };

    public async Task AddTierAsync(string slug, long? month, long? year) =>
        (await Owner.PostAsJsonAsync($"{Api}/tiers", new { slug, name = slug.ToUpperInvariant(), currency = "usd", benefits = new[] { "Everything" }, prices = new { month, year } }))
            .EnsureSuccessStatusCode();

    public async Task<SubscriberSnapshot> ReaderAsync(string? email = null, bool confirmed = true)
    {
        email ??= $"reader{Interlocked.Increment(ref _readers)}@example.com";
        var reader = new SubscriberSnapshot
        {
            Id = Guid.CreateVersion7(),
            PublicationId = Publication.Id,
            Version = HybridClock.Now(TimeProvider.System),
            Email = email,
            NormalisedEmail = email.ToLowerInvariant(),
            Name = "Ada",
            ConfirmedAt = confirmed ? DateTimeOffset.UtcNow : null,
        };
        await Service.PublishAsync(new SubscribersChanged(Publication.Id, [reader]));
        return reader;
    }

    public HttpClient As(SubscriberSnapshot reader) => Service.As(Role.Reader, Publication.Id, reader.Id);

    /// <summary>Begins a checkout through the API. Answers Stripe's id of it.</summary>
    public async Task<string> CheckoutAsync(SubscriberSnapshot reader, string tier = "reader", string interval = "month")
    {
        using var response = await As(reader).PostAsJsonAsync($"{Api}/checkout", new { tier, interval });
        response.EnsureSuccessStatusCode();
        return SessionOf((await response.Content.ReadFromJsonAsync<Answer>())!.Url);
    }

    public static string SessionOf(string url) => url[(url.LastIndexOf('/') + 1)..];

    public async Task<(SubscriberSnapshot Reader, GrantSnapshot Grant, string Subscription)> MemberAsync(string tier = "reader", string interval = "month")
    {
        var reader = await ReaderAsync();
        await Stripe.PayAsync(await CheckoutAsync(reader, tier, interval));
        var grant = await GrantAsync(reader, _ => true);
        return (reader, grant, (await SubscriptionsAsync(reader)).Single().StripeId);
    }

    /// <summary>What a copy of the reader's grants would hold: the newest snapshot of each.</summary>
    public List<GrantSnapshot> Grants(SubscriberSnapshot reader) =>
        [.. Service.Sent<GrantsChanged>().SelectMany(e => e.Grants).Where(g => g.SubscriberId == reader.Id)
            .GroupBy(g => g.Id).Select(g => g.MaxBy(s => s.Version)!)];

    public Task<GrantSnapshot> GrantAsync(SubscriberSnapshot reader, Func<GrantSnapshot, bool> match, TimeSpan? deadline = null) =>
        Eventually.GetAsync(() => Task.FromResult(Grants(reader).FirstOrDefault(match)), "such a grant", deadline);

    internal Task<List<Subscription>> SubscriptionsAsync(SubscriberSnapshot reader) => InDbAsync(db => (
        from s in db.Subscriptions.AsNoTracking()
        join c in db.Customers on s.CustomerId equals c.Id
        where c.SubscriberId == reader.Id
        select s).ToListAsync());

    internal Task<T> InDbAsync<T>(Func<BillingDb, Task<T>> use) => Service.WithDbAsync(use);

    /// <summary>Everything that Stripe told of is brought over.</summary>
    public Task SettledAsync() => Eventually.TrueAsync(
        () => InDbAsync(async db => !await db.StripeObjects.AnyAsync(o => o.DueAt != null) && !await db.Outbox.AnyAsync()), "a queue without work");

    public virtual async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        await Stripe.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private sealed record Answer(string Url);
}

public sealed class BillingOnSqlite : BillingHouse
{
    protected override DatabaseKind Database => DatabaseKind.Sqlite;
}
