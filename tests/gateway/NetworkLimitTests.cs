using System.Net;
using System.Text.Json.Nodes;
using Newsletter.Gateway.Docs;

namespace Newsletter.Gateway.Tests;

public sealed class NarrowGateway : GatewayUnderTest
{
    protected override Dictionary<string, string> Settings => new() { ["Gateway__RequestsPerSecond"] = "4", ["Gateway__UnsafeRequestsPerSecond"] = "1" };
}

public sealed class NetworkLimitTests(NarrowGateway gateway) : IClassFixture<NarrowGateway>
{
    [Fact]
    public async Task A_network_that_asks_too_often_is_told_to_wait_whatever_address_it_claims()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(n => gateway.GetAsync("/papers/", null, ("X-Forwarded-For", $"198.51.{n}.7"))));

        var refused = answers.First(a => a.StatusCode == HttpStatusCode.TooManyRequests);
        await GatewayTests.IsProblemAsync(refused, HttpStatusCode.TooManyRequests);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.True(answers.Count(a => a.StatusCode == HttpStatusCode.TooManyRequests) >= 20);
        using var webhook = await gateway.SendAsync(HttpMethod.Post, "/webhooks/sendgrid", null, null);
        Assert.Equal(HttpStatusCode.OK, webhook.StatusCode);
    }
}

public sealed class GatewayWithFewWebhooks : GatewayUnderTest
{
    protected override Dictionary<string, string> Settings => new() { ["Gateway__WebhookRequestsPerSecond"] = "1" };
}

public sealed class WebhookLimitTests(GatewayWithFewWebhooks gateway) : IClassFixture<GatewayWithFewWebhooks>
{
    [Fact]
    public async Task Webhooks_too_have_a_limit_and_it_is_theirs_alone()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => gateway.SendAsync(HttpMethod.Post, "/webhooks/sendgrid", null, null)));

        Assert.Contains(answers, a => a.StatusCode == HttpStatusCode.OK);
        await GatewayTests.IsProblemAsync(answers.First(a => a.StatusCode != HttpStatusCode.OK), HttpStatusCode.TooManyRequests);
        using var page = await gateway.GetAsync("/papers/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }
}

public sealed class MergedOpenApiTests
{
    [Fact]
    public void Documents_become_one_and_the_first_of_two_of_a_name_stays()
    {
        var merged = MergedOpenApi.Merge(
        [
            Parse("""{"openapi": "3.1.1", "paths": {"/a": {"get": 1}}, "components": {"schemas": {"ProblemDetails": {"type": "object"}}}}"""),
            Parse("""{"openapi": "3.1.1", "paths": {"/b": {}, "/a": {"get": 2}}, "components": {"schemas": {"ProblemDetails": {}, "Tier": {}}}}"""),
            Parse("""{"openapi": "3.1.1"}"""),
        ]);

        Assert.Equal(["/a", "/b"], merged["paths"]!.AsObject().Select(p => p.Key));
        Assert.Equal(1, (int?)merged["paths"]!["/a"]!["get"]);
        Assert.Equal("object", (string?)merged["components"]!["schemas"]!["ProblemDetails"]!["type"]);
        Assert.NotNull(merged["components"]!["schemas"]!["Tier"]);

        static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
    }
}
