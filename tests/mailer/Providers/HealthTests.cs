using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Providers;

/// <summary>What operators see of the mail provider.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private const string Api = "/api/v1/operations/mailer/providers";
    private MailerUnderTest _mailer = null!;

    public async ValueTask InitializeAsync() => _mailer = await MailerUnderTest.StartAsync();

    public ValueTask DisposeAsync() => _mailer.DisposeAsync();

    [Fact]
    public async Task Its_answers_of_the_last_hour_are_counted_with_their_times_and_the_last_failure()
    {
        var refusals = 1;
        _mailer.Provider.Answer = _ => Task.FromResult(Interlocked.Decrement(ref refusals) == 0 ? 503 : 202);
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync(3);
        var before = _mailer.Service.Time.GetUtcNow();
        var edition = await publication.PublishAsync(publication.Post("Counted"));
        var failed = await SeenAsync(p => p.GetProperty("failed").GetInt32() == 3, "three letters that were put off");
        Assert.Equal(0, failed.GetProperty("accepted").GetInt32());
        _mailer.Service.Time.Advance(TimeSpan.FromMinutes(1));
        await _mailer.SentAsync(edition.Id);

        var provider = await SeenAsync(p => p.GetProperty("accepted").GetInt32() == 3, "three letters that were taken");
        Assert.Equal("sendgrid", provider.GetProperty("name").GetString());
        Assert.Equal((0, 3), (provider.GetProperty("refused").GetInt32(), provider.GetProperty("failed").GetInt32()));
        Assert.InRange(provider.GetProperty("p50Seconds").GetDouble(), 0.0005, provider.GetProperty("p95Seconds").GetDouble());
        var lastFailure = provider.GetProperty("lastFailure");
        Assert.Contains("503", lastFailure.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.True(lastFailure.GetProperty("at").GetDateTimeOffset() >= before.AddSeconds(-1));
        Assert.True(provider.GetProperty("lastAcceptedAt").GetDateTimeOffset() > lastFailure.GetProperty("at").GetDateTimeOffset());
    }

    [Fact]
    public async Task What_is_older_than_an_hour_is_no_longer_counted()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync(1);
        await _mailer.SentAsync((await publication.PublishAsync(publication.Post("Old"))).Id);
        await SeenAsync(p => p.GetProperty("accepted").GetInt32() == 1, "the letter");

        _mailer.Service.Time.Advance(TimeSpan.FromMinutes(61));
        var provider = await SeenAsync(p => p.GetProperty("accepted").GetInt32() == 0, "no letter");
        Assert.Equal(JsonValueKind.Null, provider.GetProperty("p95Seconds").ValueKind);
        Assert.Equal(JsonValueKind.String, provider.GetProperty("lastAcceptedAt").ValueKind);
    }

    [Fact]
    public async Task Operators_alone_see_it()
    {
        var publication = await _mailer.PublicationAsync();
        using var owner = await publication.As(Role.Owner).GetAsync(new Uri(Api, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, owner.StatusCode);
    }

    private async Task<JsonElement> SeenAsync(Func<JsonElement, bool> match, string what)
    {
        // Good at the service's own time, which the test may have moved on.
        var lifetime = _mailer.Service.Time.GetUtcNow() - DateTimeOffset.UtcNow + TimeSpan.FromMinutes(5);
        var client = _mailer.Service.Anonymous();
        client.DefaultRequestHeaders.Authorization = new("Bearer", _mailer.Service.Tokens.Sign(Role.Operator, null, lifetime: lifetime));
        var seen = await Eventually.GetAsync(async () =>
        {
            var provider = (await client.GetFromJsonAsync<JsonElement>(Api)).EnumerateArray().Single();
            return match(provider) ? new { Body = provider } : null;
        }, what);
        return seen.Body;
    }
}
