using Newsletter.Tests.Harness.Installations;

namespace Newsletter.Gateway.Tests;

/// <summary>Whoever reaches the sandbox reads all mail: also the one that signs staff in.</summary>
public sealed class SandboxTests
{
    private const string PublicUrl = "https://news.example.com";

    [Theory]
    [InlineData("Newsletter__Url", PublicUrl)]
    [InlineData("Stripe__ApiBase", "https://api.stripe.com")]
    public async Task It_is_not_forwarded_where_the_world_comes_in_or_where_it_plays_nobody(string setting, string value)
    {
        await using var gateway = new GatewayWith(new() { [setting] = value });
        await gateway.InitializeAsync();

        Assert.NotEqual("sandbox", await ReachedAsync(gateway));
    }

    [Fact]
    public async Task It_is_forwarded_to_the_world_where_that_is_asked_for()
    {
        await using var gateway = new GatewayWith(new() { ["Newsletter__Url"] = PublicUrl, ["Newsletter__Sandbox"] = "true" });
        await gateway.InitializeAsync();

        Assert.Equal("sandbox", await ReachedAsync(gateway));
    }

    private static async Task<string?> ReachedAsync(GatewayUnderTest gateway)
    {
        using var answer = await gateway.GetAsync("/sandbox/inbox");
        return (string?)(await GatewayUnderTest.ReachedAsync(answer))?["service"];
    }

    private sealed class GatewayWith(Dictionary<string, string> settings) : GatewayUnderTest
    {
        protected override Dictionary<string, string> Settings => settings;
    }
}
