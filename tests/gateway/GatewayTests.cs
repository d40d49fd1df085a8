using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Newsletter.Gateway.Tests;

public sealed class GatewayTests(GatewayUnderTest gateway) : IClassFixture<GatewayUnderTest>
{
    [Theory]
    [InlineData("/papers/", "content", "/papers/")]
    [InlineData("/papers/posts/one?x=1", "content", "/papers/posts/one")]
    [InlineData("/papers/subscribe", "subscriber", "/papers/subscribe")]
    [InlineData("/papers/account/sessions", "subscriber", "/papers/account/sessions")]
    [InlineData("/papers/editions/1", "mailer", "/papers/editions/1")]
    [InlineData("/api/v1/publications", "content", "/api/v1/publications")]
    [InlineData("/api/v1/publications/papers/posts", "content", "/api/v1/publications/papers/posts")]
    [InlineData("/api/v1/publications/papers/subscriptions", "subscriber", "/api/v1/publications/papers/subscriptions")]
    [InlineData("/api/v1/publications/papers/editions/1/deliveries", "mailer", "/api/v1/publications/papers/editions/1/deliveries")]
    [InlineData("/t/abc?r=1", "mailer", "/t/abc")]
    [InlineData("/sandbox/inbox", "sandbox", "/sandbox/inbox")]
    [InlineData("/webhooks/sendgrid", "mailer", "/webhooks/sendgrid")]
    [InlineData("/webhooks/ses/0123", "mailer", "/webhooks/ses/0123")]
    [InlineData("/webhooks/smtp/relay", "mailer", "/webhooks/smtp/relay")]
    [InlineData("/console/sign-in", "console", "/console/sign-in")]
    [InlineData("/_blazor/negotiate", "console", "/_blazor/negotiate")]
    public async Task A_path_goes_to_the_service_that_owns_it(string path, string service, string seen)
    {
        using var answer = await gateway.GetAsync(path);

        var reached = await GatewayUnderTest.ReachedAsync(answer);
        Assert.Equal((service, seen), ((string?)reached?["service"], (string?)reached?["path"]));
    }

    [Fact]
    public async Task The_console_is_on_the_installations_host_alone()
    {
        using var answer = await gateway.GetAsync("/console/p/poems?x=1", gateway.PoemsOrigin);
        using var connection = await gateway.GetAsync("/_blazor/negotiate", gateway.PoemsOrigin);

        Assert.Equal(HttpStatusCode.PermanentRedirect, answer.StatusCode);
        Assert.Equal(new Uri(gateway.Address, "/console/p/poems?x=1"), answer.Headers.Location);
        Assert.Equal("content", (string?)(await GatewayUnderTest.ReachedAsync(connection))?["service"]);
    }

    [Theory]
    [InlineData("/", "content", "/poems/")]
    [InlineData("/archive", "content", "/poems/archive")]
    [InlineData("/subscribe", "subscriber", "/poems/subscribe")]
    [InlineData("/papers/archive", "content", "/poems/papers/archive")]
    [InlineData("/api/v1/publications/poems/posts", "content", "/api/v1/publications/poems/posts")]
    [InlineData("/media/1", "content", "/media/1")]
    public async Task On_its_own_host_a_publication_has_paths_without_its_slug(string path, string service, string seen)
    {
        using var answer = await gateway.GetAsync(path, gateway.PoemsOrigin);

        var reached = await GatewayUnderTest.ReachedAsync(answer);
        Assert.Equal((service, seen), ((string?)reached?["service"], (string?)reached?["path"]));
    }

    [Theory, InlineData("GET"), InlineData("POST")]
    public async Task The_path_form_of_a_publication_with_an_origin_points_to_it(string method)
    {
        using var answer = await gateway.SendAsync(new(method), "/poems/archive?page=2", null, null);

        Assert.Equal(HttpStatusCode.PermanentRedirect, answer.StatusCode);
        Assert.Equal($"{gateway.PoemsOrigin}/archive?page=2", answer.Headers.Location?.ToString());
    }

    [Fact]
    public async Task An_unknown_host_is_no_publication()
    {
        using var answer = await gateway.GetAsync("/archive", "http://evil.example");

        Assert.Equal("/archive", (string?)(await GatewayUnderTest.ReachedAsync(answer))?["path"]);
    }

    [Fact]
    public async Task One_publication_s_host_does_not_serve_another_s_API()
    {
        using var answer = await gateway.GetAsync("/api/v1/publications/papers/posts", gateway.PoemsOrigin);

        await IsProblemAsync(answer, HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("/internal/token")]
    [InlineData("/internal/publications")]
    [InlineData("/INTERNAL/publications")]
    [InlineData("//internal/publications")]
    [InlineData("/papers/../internal/publications")]
    [InlineData("/%69nternal/publications")]
    public async Task Nothing_internal_is_reached_from_outside(string path)
    {
        using var answer = await gateway.GetAsync(path);

        // Either it is refused, or it names a page that merely looks alike.
        if (answer.StatusCode == HttpStatusCode.NotFound) return;
        var reached = await GatewayUnderTest.ReachedAsync(answer);
        Assert.DoesNotMatch("^/+internal", (string?)reached?["path"]);
    }

    [Theory, InlineData("/metrics"), InlineData("/health/ready"), InlineData("/health/live")]
    public async Task Health_and_metrics_are_for_the_own_machine_whatever_a_client_says_of_itself(string path)
    {
        using var own = await gateway.GetAsync(path);
        using var forwarded = await gateway.GetAsync(path, null, ("X-Forwarded-For", "203.0.113.7"));
        using var pretended = await gateway.GetAsync(path, null, ("X-Forwarded-For", "127.0.0.1"));

        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, forwarded.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, pretended.StatusCode);
    }

    [Fact]
    public async Task Nobody_outside_speaks_in_our_headers()
    {
        using var answer = await gateway.GetAsync("/papers/", null,
            ("X-Newsletter-Caller", "operator"), ("x-newsletter-publication", "x"), ("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-Host", "evil.example"));

        var headers = (await GatewayUnderTest.ReachedAsync(answer))!["headers"]!.AsObject();
        Assert.DoesNotContain(headers, h => h.Key.StartsWith("x-newsletter-", StringComparison.Ordinal));
        Assert.DoesNotContain("10.0.0.1", (string?)headers["x-forwarded-for"] ?? "", StringComparison.Ordinal);
        Assert.DoesNotContain("evil.example", (string?)headers["x-forwarded-host"] ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_answer_carries_security_headers_and_a_service_s_own_policy_stays()
    {
        using var page = await gateway.GetAsync("/papers/");
        using var own = await gateway.GetAsync("/papers/editions-like");

        Assert.StartsWith("default-src 'self'; script-src 'self';", Header(page, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal("nosniff", Header(page, "X-Content-Type-Options"));
        Assert.Equal("strict-origin-when-cross-origin", Header(page, "Referrer-Policy"));
        Assert.False(page.Headers.Contains("Server"));
        Assert.Equal("sandbox", Header(own, "Content-Security-Policy"));
    }

    [Fact]
    public async Task A_service_that_is_down_is_told_in_problem_details()
    {
        using var answer = await gateway.GetAsync("/api/v1/publications/papers/tiers");

        await IsProblemAsync(answer, HttpStatusCode.BadGateway);
        using var docs = await gateway.GetAsync("/openapi/v1.json");
        await IsProblemAsync(docs, HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task A_body_above_the_limit_is_refused_and_one_below_is_the_services_to_judge()
    {
        const string path = "/api/v1/publications/papers/media";
        // The answer to what is too large comes before the body is read.
        using var above = await gateway.SendAsync(HttpMethod.Post, path, null, new StringContent(new string('a', 3 << 20)), ("Expect", "100-continue"));
        using var below = await gateway.SendAsync(HttpMethod.Post, path, null, new StringContent(new string('a', 2 << 20)));

        await IsProblemAsync(above, HttpStatusCode.RequestEntityTooLarge);
        Assert.Equal(2 << 20, (int?)(await GatewayUnderTest.ReachedAsync(below))?["bytes"]);
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    internal static async Task IsProblemAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(status == answer.StatusCode, $"{answer.StatusCode}: {body}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal((int)status, (int?)JsonNode.Parse(body)!["status"]);
    }
}
