using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Playwright;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.ConsoleTests;

/// <summary>One standalone installation and one Chromium for all of the console's tests.</summary>
public sealed class ConsoleHouse : Standalone, IAsyncLifetime
{
    public const string Owner = "owner@example.com";
    private readonly ConcurrentDictionary<string, Task<string>> _sessions = new();
    private IPlaywright _playwright = null!;
    private IBrowser _chromium = null!;
    private int _publications;

    public override async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout(StaffBrowser.PatienceMs);
        (_playwright, _chromium) = await StaffBrowser.LaunchAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        _playwright.Dispose();
        await base.DisposeAsync();
    }

    /// <summary>A browser that is signed in; each address signs in once, whoever asks for it.</summary>
    public async Task<StaffBrowser> StaffAsync(string email = Owner, Look? look = null)
    {
        var signIn = _sessions.GetOrAdd(email, SignInAsync);
        // One that failed is not everybody's after it.
        if (signIn.IsFaulted) _sessions.TryRemove(KeyValuePair.Create(email, signIn));
        var session = await signIn;
        return await StaffBrowser.OpenAsync(this, _chromium, look ?? Look.Desktop, session);
    }

    /// <summary>A browser that is not signed in.</summary>
    public Task<StaffBrowser> NobodyAsync(Look? look = null) => StaffBrowser.OpenAsync(this, _chromium, look ?? Look.Desktop, null);

    /// <summary>A publication of the test's own.</summary>
    public Task<TestSite> PublicationAsync(string? name = null)
    {
        var slug = $"site-{Interlocked.Increment(ref _publications)}";
        return TestSite.MakeAsync(this, slug, name ?? $"The {slug}");
    }

    /// <summary>Until <see cref="MailFlowsAsync"/> the mail provider refuses everything.</summary>
    public Task MailStopsAsync() => SetFaultsAsync(new { status = 503, count = 100_000, retryAfter = 1 });

    /// <summary>Until <see cref="MailFlowsAsync"/> the provider takes mail, answers nothing, and tells no event.</summary>
    public Task AnswersAreLostAsync() => SetFaultsAsync(new { dropAfterAccept = true, holdEvents = true, count = 100_000 });

    /// <summary>Until <see cref="MailFlowsAsync"/> the provider takes mail, and tells no event.</summary>
    public Task EventsAreHeldAsync() => SetFaultsAsync(new { holdEvents = true });

    /// <summary>Until <see cref="MailFlowsAsync"/> the provider asks whoever calls it to wait for half an hour.</summary>
    public Task TooManyAsync() => SetFaultsAsync(new { status = 429, count = 100_000, retryAfter = 1_800 });

    public Task MailFlowsAsync() => SetFaultsAsync(new { });

    /// <summary>Operators' bound for a publication's editions, letters a second.</summary>
    public async Task SetRateAsync(string publication, double rate)
    {
        using var set = await Staff().PutAsJsonAsync($"/api/v1/operations/mailer/rates/{publication}", new { rate });
        set.EnsureSuccessStatusCode();
    }

    /// <summary>What a reader does with the last letter to an address.</summary>
    public async Task EngageAsync(string to, string kind)
    {
        using var told = await Visitor().PostAsJsonAsync("/sandbox/api/sendgrid/engage", new { to, kind });
        Assert.Equal(HttpStatusCode.Accepted, told.StatusCode);
    }

    /// <summary>The receiving server took the last letter to an address, and sends it back with these words.</summary>
    public async Task BounceAsync(string address, string reason)
    {
        using var told = await Visitor().PostAsJsonAsync("/sandbox/api/sendgrid/engage", new { to = address, kind = "bounce", reason });
        Assert.Equal(HttpStatusCode.Accepted, told.StatusCode);
    }

    /// <summary>Until it is disposed a service's database takes no writing.</summary>
    public IDisposable Locked(string service)
    {
        var connection = Open(service);
        Execute(connection, "BEGIN IMMEDIATE");
        return connection;
    }

    /// <summary>In a service's database.</summary>
    public void Execute(string service, string sql)
    {
        using var connection = Open(service);
        Execute(connection, sql);
    }

    private SqliteConnection Open(string service)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = DatabaseOf(service), Pooling = false, DefaultTimeout = 30 }.ConnectionString);
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private async Task<string> SignInAsync(string email)
    {
        await using var browser = await NobodyAsync();
        await browser.SignInAsync(email);
        return await browser.Context.StorageStateAsync();
    }

    private async Task SetFaultsAsync(object faults)
    {
        using var set = await Visitor().PostAsJsonAsync("/sandbox/api/sendgrid/faults", faults);
        set.EnsureSuccessStatusCode();
    }
}

[CollectionDefinition(nameof(ConsoleCollection))]
public sealed class ConsoleCollection : ICollectionFixture<ConsoleHouse>;
