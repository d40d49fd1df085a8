using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Senders;

/// <summary>A second provider behind a circuit breaker. Bug classes: letters that wait for a dead provider, letters that both providers get.</summary>
public sealed class FallbackTests : IAsyncLifetime
{
    private const int Failures = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private readonly FakeSmtp _fallback = new();
    private MailerUnderTest _mailer = null!;
    private TestPublication _publication = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _mailer = await MailerUnderTest.StartAsync(settings:
        [
            new("Mail:Provider", "sendgrid"), new("Mail:Fallback", "smtp"), new("Mail:CircuitFailures", $"{Failures}"), new("Mail:CircuitPause", $"{Pause}"),
            new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{_fallback.Port}"), new("Smtp:Security", "None"),
        ]);
        _publication = await _mailer.PublicationAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _mailer.DisposeAsync();
        await _fallback.DisposeAsync();
    }

    [Fact]
    public async Task While_the_first_is_away_queued_letters_go_through_the_fallback_until_a_probe_finds_it_back()
    {
        await _publication.JoinAsync("reader");
        await OpenCircuitAsync();

        var edition = await _publication.PublishAsync(_publication.Post("Through the fallback"));
        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 1));
        Assert.Equal(["reader@example.com"], _fallback.Letters);
        Assert.Equal("smtp", (await BatchAsync(edition)).Provider);
        Assert.Equal(("open", 1), await StateAsync("sendgrid"));
        Assert.Equal(("closed", 0), await StateAsync("smtp"));

        _mailer.Provider.Answer = _ => Task.FromResult(StatusCodes.Status202Accepted);
        Assert.Equal(HttpStatusCode.Accepted, await TestAsync());
        Assert.Equal(2, _fallback.Letters.Count);
        _mailer.Service.Time.Advance(Pause);
        Assert.Equal(HttpStatusCode.Accepted, await TestAsync());
        Assert.Equal(HttpStatusCode.Accepted, await TestAsync());
        Assert.Equal((2, 2), (_fallback.Letters.Count, _mailer.Provider.Mails.Count));
        Assert.Equal(("closed", 0), await StateAsync("sendgrid"));
    }

    [Fact]
    public async Task A_probe_that_finds_it_away_leaves_the_circuit_open()
    {
        await OpenCircuitAsync();
        _mailer.Service.Time.Advance(Pause);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await TestAsync());
        Assert.Equal(HttpStatusCode.Accepted, await TestAsync());
        Assert.Equal(Failures + 1, _mailer.Provider.Calls);
        Assert.Equal(("open", 1), await StateAsync("sendgrid"));
    }

    [Fact]
    public async Task A_batch_that_was_put_off_goes_through_the_fallback_when_it_is_due_again()
    {
        await _publication.JoinAsync("reader");
        Answer(StatusCodes.Status503ServiceUnavailable);
        var edition = await _publication.PublishAsync(_publication.Post("Put off"));
        await Eventually.TrueAsync(async () => await _mailer.WithDbAsync(db => db.Batches.AnyAsync(b => b.EditionId == edition.Id && b.State == BatchState.Queued && b.Attempts == 1)), "the batch put off");
        await OpenCircuitAsync(Failures - 1);

        _mailer.Service.Time.Advance(TimeSpan.FromSeconds(10));

        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 1));
        Assert.Equal(["reader@example.com"], _fallback.Letters);
        Assert.Empty(_mailer.Provider.Mails);
    }

    [Fact]
    public async Task Too_many_requests_are_no_reason_to_leave_the_first()
    {
        Answer(StatusCodes.Status429TooManyRequests);
        for (var i = 0; i < Failures + 2; i++) Assert.Equal(HttpStatusCode.ServiceUnavailable, await TestAsync());
        Assert.Empty(_fallback.Letters);
        Assert.Equal(("closed", 0), await StateAsync("sendgrid"));
    }

    [Fact]
    public async Task An_uncertain_batch_never_goes_to_the_fallback_even_when_staff_send_it_again()
    {
        await _publication.JoinAsync("reader");
        // Taken, and the answer lost.
        _mailer.Provider.AfterKept = () => throw new IOException("cut off");
        var edition = await _publication.PublishAsync(_publication.Post("In doubt"));
        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Uncertain, 1));
        _mailer.Provider.AfterKept = () => Task.CompletedTask;
        await OpenCircuitAsync(Failures - 1);
        var batch = await Eventually.GetAsync(async () => await BatchAsync(edition) is { State: BatchState.Uncertain } doubtful ? doubtful : null, "the batch in doubt");
        Assert.Equal("sendgrid", batch.Provider);

        var calls = _mailer.Provider.Calls;
        (await _publication.As(Role.Owner).PostAsync($"{_publication.Api}/editions/{edition.Id}/batches/{batch.Id}/resend", null, Cancellation)).EnsureSuccessStatusCode();
        await Eventually.TrueAsync(() => Task.FromResult(_mailer.Provider.Calls > calls), "another try with the first");
        await _mailer.PutOffAsync(edition.Id);
        Assert.Empty(_fallback.Letters);

        _mailer.Provider.Answer = _ => Task.FromResult(StatusCodes.Status202Accepted);
        _mailer.Service.Time.Advance(TimeSpan.FromMinutes(15));
        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 1));
        Assert.Empty(_fallback.Letters);
        Assert.Equal("sendgrid", (await BatchAsync(edition)).Provider);
    }

    private void Answer(int status) => _mailer.Provider.Answer = _ => Task.FromResult(status);

    private async Task OpenCircuitAsync(int failures = Failures)
    {
        Answer(StatusCodes.Status503ServiceUnavailable);
        for (var i = 0; i < failures; i++) Assert.Equal(HttpStatusCode.ServiceUnavailable, await TestAsync());
    }

    private async Task<HttpStatusCode> TestAsync()
    {
        using var answer = await _publication.As(Role.Editor).PostAsJsonAsync(
            $"{_publication.Api}/letters/test", new { post = _publication.Post("A test"), to = "staff@example.com" }, Json.Options, Cancellation);
        return answer.StatusCode;
    }

    private Task<Batch> BatchAsync(Edition edition) => _mailer.WithDbAsync(db => db.Batches.AsNoTracking().SingleAsync(b => b.EditionId == edition.Id));

    private async Task<(string? Circuit, int Away)> StateAsync(string provider)
    {
        var lifetime = _mailer.Service.Time.GetUtcNow() - DateTimeOffset.UtcNow + TimeSpan.FromMinutes(5);
        var client = _mailer.Service.Anonymous();
        client.DefaultRequestHeaders.Authorization = new("Bearer", _mailer.Service.Tokens.Sign(Role.Operator, null, lifetime: lifetime));
        var seen = (await client.GetFromJsonAsync<JsonElement>("/api/v1/operations/mailer/providers", Cancellation)).EnumerateArray().Single(p => p.GetProperty("name").GetString() == provider);
        return (seen.GetProperty("circuit").GetString(), seen.GetProperty("away").GetInt32());
    }
}
