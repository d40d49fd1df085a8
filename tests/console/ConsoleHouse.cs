using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Playwright;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.ConsoleTests;

/// <summary>One standalone installation and one Chromium for all of the console's tests.</summary>
public sealed class ConsoleHouse : Standalone, IAsyncLifetime
{
    public const string Owner = "owner@example.com";
    /// <summary>For a machine that has other things to do.</summary>
    public const int PatienceMs = 60_000;
    private readonly ConcurrentDictionary<string, Task<string>> _sessions = new();
    private IPlaywright _playwright = null!;
    private IBrowser _chromium = null!;
    private int _publications;

    public override async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout(PatienceMs);
        _playwright = await Playwright.CreateAsync();
        _chromium = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Environment.GetEnvironmentVariable("NEWSLETTER_TEST_CHROMIUM") is { Length: > 0 } path ? path : "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"],
        });
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
        var session = await _sessions.GetOrAdd(email, async address =>
        {
            await using var first = await NobodyAsync();
            await first.SignInAsync(address);
            return await first.Context.StorageStateAsync();
        });
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
    public Task MailStopsAsync() => SetFaultsAsync(new { status = 503, count = 100_000 });

    public Task MailFlowsAsync() => SetFaultsAsync(new { });

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

    private async Task SetFaultsAsync(object faults)
    {
        using var set = await Visitor().PostAsJsonAsync("/sandbox/api/sendgrid/faults", faults);
        set.EnsureSuccessStatusCode();
    }
}

/// <summary>How wide a screen is, and whether its owner likes it dark.</summary>
public sealed record Look(int Width, int Height, ColorScheme Scheme)
{
    public static Look Desktop { get; } = new(1440, 1000, ColorScheme.Light);
    public static Look Phone { get; } = new(390, 844, ColorScheme.Light);
    public Look Dark => this with { Scheme = ColorScheme.Dark };
}

[CollectionDefinition(nameof(ConsoleCollection))]
public sealed class ConsoleCollection : ICollectionFixture<ConsoleHouse>;
