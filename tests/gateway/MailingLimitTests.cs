using System.Net;
using System.Net.Http.Json;

namespace Newsletter.Gateway.Tests;

public sealed class GatewayWithFewMails : GatewayUnderTest
{
    protected override Dictionary<string, string> Settings => new() { ["Gateway__MailingRequestsPerMinute"] = "7" };
}

/// <summary>Bug class: one network, by many addresses, has the installation send as many mails as it likes.</summary>
public sealed class MailingLimitTests(GatewayWithFewMails gateway) : IClassFixture<GatewayWithFewMails>
{
    private const string Subscriptions = "/api/v1/publications/papers/subscriptions";

    [Fact]
    public async Task Requests_that_cause_mail_share_a_small_limit_and_are_told_when_to_go_on()
    {
        await using var fresh = new GatewayWithFewMails();
        await fresh.InitializeAsync();
        (string Path, string? Origin)[] mailing =
        [
            (Subscriptions, null), ("/papers/subscribe", null), ("/papers/sign-in", null), ("/papers/account/address", null),
            ("/api/v1/account/sign-in", null), ("/Sign-In/", fresh.PoemsOrigin), ("/subscribe", fresh.PoemsOrigin),
        ];

        foreach (var (path, origin) in mailing)
        {
            using var answer = await fresh.SendAsync(HttpMethod.Post, path, origin, null);
            Assert.True(answer.StatusCode == HttpStatusCode.OK, path);
        }
        foreach (var (path, origin) in mailing)
        {
            using var answer = await OverLimitAsync(() => fresh.SendAsync(HttpMethod.Post, path, origin, null));
            await GatewayTests.IsProblemAsync(answer, HttpStatusCode.TooManyRequests);
            Assert.Equal(TimeSpan.FromSeconds(9), answer.Headers.RetryAfter?.Delta);
        }
    }

    [Fact]
    public async Task What_causes_no_mail_goes_on()
    {
        await SpendAsync();

        using var page = await gateway.GetAsync("/papers/subscribe");
        using var leave = await gateway.SendAsync(HttpMethod.Post, "/papers/unsubscribe?token=t", null, null);
        using var confirm = await gateway.SendAsync(HttpMethod.Post, "/papers/confirm", null, null);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK), (page.StatusCode, leave.StatusCode, confirm.StatusCode));
    }

    [Fact]
    public async Task A_staff_key_is_not_limited_and_nothing_that_only_looks_like_one_helps()
    {
        await SpendAsync();

        using var key = await PostAsync("Authorization", "Bearer nlk_papers");
        using var unknown = await PostAsync("Authorization", "Bearer nlk_unknown");
        using var forged = await OverLimitAsync(() => PostAsync("Authorization", "Bearer eyJ.forged.x"));
        using var reader = await OverLimitAsync(() => PostAsync("Authorization", "Bearer nls_papers"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (key.StatusCode, unknown.StatusCode));
        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests), (forged.StatusCode, reader.StatusCode));
    }

    private async Task SpendAsync()
    {
        using var answer = await OverLimitAsync(() => gateway.SendAsync(HttpMethod.Post, Subscriptions, null, JsonContent.Create(new { })));
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
    }

    /// <summary>The first answer that refuses, or the fiftieth: while a test runs, the limit lets one more in every nine seconds.</summary>
    internal static async Task<HttpResponseMessage> OverLimitAsync(Func<Task<HttpResponseMessage>> call)
    {
        for (var sent = 1; ; sent++)
        {
            var answer = await call();
            if (answer.StatusCode == HttpStatusCode.TooManyRequests || sent == 50) return answer;
            answer.Dispose();
        }
    }

    private Task<HttpResponseMessage> PostAsync(string header, string value) => gateway.SendAsync(HttpMethod.Post, Subscriptions, null, JsonContent.Create(new { }), (header, value));
}
