using Newsletter.Tests.Harness;

namespace Newsletter.Gateway.Tests;

/// <summary>Bug class: who reads traces or logs learns an address that is itself the permission.</summary>
public sealed class SecrecyTests(GatewayUnderTest gateway) : IClassFixture<GatewayUnderTest>
{
    [Theory]
    [InlineData("/papers/feeds/{0}.xml", null)]
    [InlineData("/papers/Feeds/{0}.xml", null)]
    [InlineData("/feeds/{0}.xml", "poems")]
    [InlineData("/papers/gifts/{0}", null)]
    [InlineData("/papers/confirm?token={0}", null)]
    [InlineData("/t/{0}?r={0}", null)]
    [InlineData("/o/{0}.gif", null)]
    public async Task An_address_that_is_a_permission_is_in_no_span_and_in_no_log(string path, string? publication)
    {
        var secret = $"secret{Guid.NewGuid():N}";
        var trace = Guid.NewGuid().ToString("N");
        using var answer = await gateway.GetAsync(
            string.Format(null, path, secret), publication is null ? null : gateway.PoemsOrigin, ("traceparent", $"00-{trace}-00f067aa0ba902b7-01"));
        var spans = await Eventually.GetAsync(
            () => Task.FromResult(gateway.Spans.Where(s => s.TraceId == trace).ToList() is { Count: >= 2 } both ? both : null), "the request's span and the forwarded one's");

        Assert.Contains(spans, s => s.Texts.ContainsKey("url.full"));
        Assert.Contains(spans, s => s.Texts.ContainsKey("url.path"));
        Assert.DoesNotContain(spans, s => s.Name.Contains(secret, StringComparison.Ordinal) || s.Texts.Values.Any(t => t.Contains(secret, StringComparison.Ordinal)));
        Assert.DoesNotContain(secret, gateway.Log, StringComparison.Ordinal);
    }
}
