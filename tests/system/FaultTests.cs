using System.Net;
using System.Net.Http.Json;
using System.Text;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;
using Npgsql;

namespace Newsletter.SystemTests;

/// <summary>Bug class: something is away for a while, and what was asked for meanwhile is lost, refused or done twice.</summary>
[Collection(nameof(DistributedCollection))]
public sealed class FaultTests(DistributedHouse house)
{
    private const string Api = "/api/v1/publications/scipapermill";
    // A mail that was being sent when the mailer was killed is leased for two minutes.
    private static readonly TimeSpan Recovery = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task With_the_broker_away_sign_up_and_publish_answer_and_events_flow_when_it_is_back()
    {
        var owner = house.Staff();
        var reader = await ImportedReaderAsync(owner);
        var visitor = Address();
        var slug = Slug();
        house.Broker.Cut();
        try
        {
            await SubscribeAsync(visitor);
            await PublishAsync(owner, slug);
        }
        finally
        {
            house.Broker.Mend();
        }
        await MailAsync(visitor, m => m.Text.Contains("/confirm?", StringComparison.Ordinal), "the confirmation");
        await MailAsync(reader, m => m.Subject.Contains(slug, StringComparison.Ordinal), "the letter");
        await house.WellAsync();
    }

    [Fact]
    public async Task With_its_database_away_a_service_says_503_and_recovers_without_a_restart()
    {
        var database = house.DatabaseOf("content");
        using var client = new HttpClient();
        var ready = new Uri(house.Addresses["content"], "/health/ready");
        await database.SetAwayAsync(true);
        try
        {
            using var read = await house.Staff().GetAsync($"{Api}/posts?limit=1");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, read.StatusCode);
            Assert.Equal("application/problem+json", read.Content.Headers.ContentType?.MediaType);
            using var health = await client.GetAsync(ready);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        }
        finally
        {
            await database.SetAwayAsync(false);
        }
        await Eventually.TrueAsync(async () => (await client.GetAsync(ready)).IsSuccessStatusCode, "content is ready again", Recovery);
        using var again = await house.Staff().GetAsync($"{Api}/posts?limit=1");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task With_the_provider_away_mail_waits_and_goes_out_later()
    {
        var visitor = Address();
        house.Provider.Cut();
        try
        {
            await SubscribeAsync(visitor);
            Assert.Empty(await house.MailToAsync(visitor));
        }
        finally
        {
            house.Provider.Mend();
        }
        await MailAsync(visitor, m => m.Text.Contains("/confirm?", StringComparison.Ordinal), "the confirmation");
        Assert.Single(await house.MailToAsync(visitor));
    }

    [Fact]
    public async Task Every_service_killed_and_started_again_goes_on_where_it_was()
    {
        var owner = house.Staff();
        var reader = await ImportedReaderAsync(owner);
        var visitor = Address();
        var slug = Slug();
        await SubscribeAsync(visitor);
        await PublishAsync(owner, slug);
        foreach (var service in Distributed.Services) await house[service].KillAsync();
        foreach (var service in Distributed.Services) house[service].Start();
        foreach (var service in Distributed.Services) await house[service].ReadyAsync();

        await MailAsync(visitor, m => m.Text.Contains("/confirm?", StringComparison.Ordinal), "the confirmation");
        await MailAsync(reader, m => m.Subject.Contains(slug, StringComparison.Ordinal), "the letter");
        await house.WellAsync();
    }

    [Fact]
    public async Task After_restoring_an_older_database_and_a_resync_the_copies_agree_with_their_owner()
    {
        var owner = house.Staff();
        await ImportedReaderAsync(owner);
        var database = house.DatabaseOf("subscriber");
        var backup = await database.BackUpAsync();
        await house["subscriber"].ReadyAsync(Recovery);
        // Its pool held connections that the backup has cut off.
        await Eventually.TrueAsync(async () => (await owner.GetAsync($"{Api}/subscribers?limit=1")).IsSuccessStatusCode, "subscriber answers", Recovery);
        var lost = await ImportedReaderAsync(owner);
        await Eventually.TrueAsync(() => CopiesAgreeAsync(), "the mailer knows the newest reader", Recovery);

        await house["subscriber"].KillAsync();
        await database.RestoreAsync(backup);
        house["subscriber"].Start();
        await house["subscriber"].ReadyAsync(Recovery);
        Assert.False(await CopiesAgreeAsync(), "the mailer still knows the reader that the backup does not");

        using var client = new HttpClient();
        using var asked = await client.PostAsync(new Uri(house.Addresses["subscriber"], "/internal/resync?event=SubscribersChanged"), null);
        Assert.True(asked.IsSuccessStatusCode, await asked.Content.ReadAsStringAsync());
        // The request settles for a minute before it is carried out; here as though that had passed.
        await RunAsync("subscriber", "UPDATE outbox SET due_at = now() WHERE type LIKE '%RequestResync'");
        await Eventually.TrueAsync(() => CopiesAgreeAsync(), "every copy agrees with its owner", Recovery);
        // The address is free again.
        await ImportAsync(owner, lost);
        await Eventually.TrueAsync(() => CopiesAgreeAsync(), "and goes on agreeing", Recovery);
    }

    private async Task<bool> CopiesAgreeAsync()
    {
        var owned = await ReadAsync("subscriber", "SELECT id::text || ' ' || version FROM subscribers");
        var copied = await ReadAsync("mailer", "SELECT id::text || ' ' || version FROM recipients WHERE NOT deleted");
        return owned.SetEquals(copied);
    }

    private async Task<HashSet<string>> ReadAsync(string service, string sql)
    {
        await using var source = NpgsqlDataSource.Create(house.DatabaseOf(service).ConnectionString);
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        HashSet<string> rows = [];
        while (await reader.ReadAsync()) rows.Add(reader.GetString(0));
        return rows;
    }

    private async Task RunAsync(string service, string sql)
    {
        await using var source = NpgsqlDataSource.Create(house.DatabaseOf(service).ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static string Address() => $"fault-{Guid.NewGuid():N}@example.com";

    private static string Slug() => $"fault-{Guid.NewGuid():N}"[..20];

    /// <summary>A confirmed reader of every post, known to the mailer.</summary>
    private async Task<string> ImportedReaderAsync(HttpClient owner)
    {
        var address = Address();
        await ImportAsync(owner, address);
        await Eventually.TrueAsync(() => CopiesAgreeAsync(), "the mailer knows the reader", Recovery);
        return address;
    }

    private static async Task ImportAsync(HttpClient owner, string address)
    {
        using var csv = new StringContent($"email,cadence\n{address},every_post\n", Encoding.UTF8, "text/csv");
        using var imported = await owner.PostAsync(new Uri($"{Api}/subscribers/import?confirmed=true", UriKind.Relative), csv);
        Assert.True(imported.IsSuccessStatusCode, await imported.Content.ReadAsStringAsync());
    }

    private async Task SubscribeAsync(string address)
    {
        using var subscribed = await house.Visitor().PostAsJsonAsync($"{house.Address}{Api[1..]}/subscriptions", new { email = address, cadence = "weekly" });
        Assert.Equal(HttpStatusCode.Accepted, subscribed.StatusCode);
    }

    private static async Task PublishAsync(HttpClient owner, string slug)
    {
        using var made = await owner.PostAsJsonAsync($"{Api}/posts", new { title = slug, slug, kind = "article", access = "public", body = "Sent through trouble." });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        using var published = await owner.PostAsJsonAsync($"{Api}/posts/{slug}/publish", new { mail = true });
        Assert.True(published.IsSuccessStatusCode, await published.Content.ReadAsStringAsync());
    }

    private Task<Mail> MailAsync(string address, Func<Mail, bool> match, string what) =>
        Eventually.GetAsync(async () => (await house.MailToAsync(address)).FirstOrDefault(match), $"mail to {address}: {what}", Recovery);
}
