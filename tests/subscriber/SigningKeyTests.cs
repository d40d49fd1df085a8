using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Newsletter.Subscriber.Tests;

public sealed class SigningKeyTests
{
    [Fact]
    public async Task A_new_key_is_published_before_it_signs_and_the_old_one_stays_published_after()
    {
        await using var app = await SubscriberApp.StartAsync();
        var first = await KidAsync(app);

        app.Service.Time.Advance(TimeSpan.FromDays(30) - TimeSpan.FromMinutes(50));
        Assert.Equal(first, await KidAsync(app));
        var during = await PublishedAsync(app);
        Assert.Equal(2, during.Count);

        app.Service.Time.Advance(TimeSpan.FromMinutes(70));
        var second = await KidAsync(app);
        Assert.NotEqual(first, second);
        Assert.Contains(second, during);
        Assert.Contains(first, await PublishedAsync(app));
    }

    [Fact]
    public async Task A_second_process_signs_with_the_same_key()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var other = await SubscriberApp.StartAsync(useDatabase: app.Service.Database);

        Assert.Equal(await KidAsync(app), await KidAsync(other));
    }

    private static async Task<string> KidAsync(SubscriberApp app) => new JsonWebToken(await app.TokenAsync(SubscriberApp.OwnerKey, null)).Kid;

    private static async Task<List<string?>> PublishedAsync(SubscriberApp app)
    {
        using var client = app.Service.Anonymous();
        var published = await client.GetFromJsonAsync<JsonElement>("/internal/jwks");
        return published.GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("kid").GetString()).ToList();
    }
}
