using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests.Telemetry;

/// <summary>What telemetry must show of a letter's way.</summary>
[Collection(nameof(DistributedCollection))]
public sealed class TraceTests(DistributedHouse house)
{
    private const string Api = "/api/v1/publications/scipapermill";

    [Fact]
    public async Task One_trace_runs_from_publish_to_the_provider_and_its_events_link_to_it()
    {
        var slug = $"traced-{Guid.NewGuid():N}"[..20];
        var owner = house.Staff();
        using var made = await owner.PostAsJsonAsync($"{Api}/posts", new { title = slug, slug, kind = "article", access = "public", body = "To be traced." });
        made.EnsureSuccessStatusCode();
        using var published = await owner.PostAsJsonAsync($"{Api}/posts/{slug}/publish", new { mail = true });
        published.EnsureSuccessStatusCode();

        var edition = await Eventually.GetAsync(async () =>
            (await owner.GetFromJsonAsync<JsonElement>($"{Api}/editions")).GetProperty("items").EnumerateArray()
                .Where(e => e.GetProperty("subject").GetString() == slug).Select(e => e.GetProperty("id").GetString()).SingleOrDefault(), "the edition", TimeSpan.FromSeconds(60));
        var traceId = (await owner.GetFromJsonAsync<JsonElement>($"{Api}/editions/{edition}")).GetProperty("edition").GetProperty("traceId").GetString();

        // From the provider call back to the gateway's request, all in one trace.
        var send = await Eventually.GetAsync(() => Task.FromResult(house.Spans.FirstOrDefault(s =>
            s.TraceId == traceId && s.Service == "mailer" && s.Name.StartsWith("POST", StringComparison.Ordinal)
            && house.Spans.Any(g => g.TraceId == s.TraceId && g.Service == "gateway")
            && house.Spans.Any(p => p.TraceId == s.TraceId && p.Service == "content" && p.Name.StartsWith("outbox publish PostChanged", StringComparison.Ordinal)))),
            "the provider call in the trace that began at the gateway", TimeSpan.FromSeconds(60));
        var trace = house.Spans.Where(s => s.TraceId == send.TraceId).ToList();
        foreach (var service in (string[])["gateway", "content", "mailer"]) Assert.Contains(trace, s => s.Service == service);
        Assert.True(trace.Any(s => s.Service == "mailer" && (s.Name.EndsWith(" receive", StringComparison.Ordinal) || s.Name.EndsWith(" process", StringComparison.Ordinal))),
            $"the mailer took it from the queue within the trace: {string.Join(", ", trace.Where(s => s.Service == "mailer").Select(s => s.Name).Distinct())}");

        await Eventually.TrueAsync(() => Task.FromResult(house.Spans.Any(s =>
            s.Service == "mailer" && s.TraceId != send.TraceId && s.LinkedSpans.Any(linked => house.Spans.Any(t => t.SpanId == linked && t.TraceId == send.TraceId)))),
            "the span that takes the provider's events links to the letter's trace", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task What_is_logged_of_a_request_s_work_carries_its_trace_from_one_end_to_the_other()
    {
        var trace = Guid.NewGuid().ToString("N");
        house.Broker.Cut();
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{Api}/subscriptions") { Content = JsonContent.Create(new { email = $"traced-{trace[..8]}@example.com" }) };
            request.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01");
            using var answer = await house.Visitor().SendAsync(request);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);

            // What it wants mailed cannot be published: the outbox says so, behind the request and in its trace.
            await Eventually.TrueAsync(() => Task.FromResult(house["subscriber"].Output.Contains($"OutboxPublisher trace={trace}", StringComparison.Ordinal)),
                "the outbox's line with the request's trace", TimeSpan.FromSeconds(60));
        }
        finally
        {
            house.Broker.Mend();
        }
        await house.WellAsync();
    }

    [Fact]
    public async Task Every_process_answers_metrics()
    {
        using var client = new HttpClient();
        foreach (var (service, address) in house.Addresses)
        {
            var metrics = await client.GetStringAsync(new Uri(address, "/metrics"));
            Assert.True(metrics.Contains("# TYPE", StringComparison.Ordinal), service);
        }
    }
}
