using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.SystemTests.Neighbours;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests;

public sealed class StandaloneHouse : Standalone, IAsyncLifetime;

/// <summary>Two publications, each an origin: the seed, and one made through the API.</summary>
public sealed class DistributedHouse : Distributed, IAsyncLifetime
{
    public Site First { get; private set; } = null!;
    public Site Second { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        using var made = await Staff().PostAsJsonAsync("/api/v1/publications", new { slug = "second", name = "The Second", gate = new { nudge = false } });
        Assert.True(made.StatusCode == HttpStatusCode.Created, await made.Content.ReadAsStringAsync());
        First = await Site.OpenAsync(this, "scipapermill");
        Second = await Site.OpenAsync(this, "second");
    }

    /// <summary>Whoever took something away waits for this: the next test, whichever it is, begins with a house that is whole.</summary>
    public async Task WellAsync()
    {
        var staff = Staff();
        foreach (var service in Services)
        {
            await Eventually.TrueAsync(
                async () => (await staff.GetFromJsonAsync<JsonElement>($"/api/v1/operations/{service}")).GetProperty("healthy").GetBoolean(), $"{service} is well again", TimeSpan.FromMinutes(3));
        }
    }
}

/// <summary>One standalone installation for all classes that use it.</summary>
[CollectionDefinition(nameof(StandaloneCollection))]
public sealed class StandaloneCollection : ICollectionFixture<StandaloneHouse>;

/// <summary>One distributed installation for all classes that use it.</summary>
[CollectionDefinition(nameof(DistributedCollection))]
public sealed class DistributedCollection : ICollectionFixture<DistributedHouse>;
