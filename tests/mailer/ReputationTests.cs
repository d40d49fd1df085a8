using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tests.Figures;
using Newsletter.Mailer.Tests.Webhooks;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>Bug class: an edition that goes on until the providers shut the sender out.</summary>
public sealed class ReputationTests(PostgresFigures fixture) : IClassFixture<PostgresFigures>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_bounces_of_a_hundred_pause_an_edition_until_staff_let_it_go_on()
    {
        await using var held = await HeldAsync();
        await fixture.TellAsync([.. held.Mails.Take(held.Mails.Count / 20 - 1).Select(m => FiguresFixture.EventOf(m, "bounce", SignedEvents.Hard))]);
        await LookedAsync(2);
        Assert.False((await held.EditionAsync()).GetProperty("paused").GetBoolean());
        await fixture.TellAsync(FiguresFixture.EventOf(held.Mails[^1], "bounce", SignedEvents.Hard));

        await held.BecomesPausedAsync("too_many_bounces");
        Assert.Contains("newsletter_editions_paused_total", await fixture.Mailer.Anonymous().GetStringAsync("/metrics", Cancellation), StringComparison.Ordinal);

        using var resumed = await held.Publication.As(Role.Editor).PostAsync($"{held.Publication.Api}/editions/{held.Edition.Id}/resume", null, Cancellation);
        Assert.Equal(HttpStatusCode.OK, resumed.StatusCode);
        await LookedAsync(2);
        Assert.False((await held.EditionAsync()).GetProperty("paused").GetBoolean());
    }

    [Fact]
    public async Task Three_complaints_of_a_thousand_pause_an_edition()
    {
        await using var held = await HeldAsync();
        var enough = Math.Max(3, (int)Math.Ceiling(held.Mails.Count * 0.003));
        await fixture.TellAsync([.. held.Mails.Take(enough).Select(m => FiguresFixture.EventOf(m, "spamreport"))]);
        await held.BecomesPausedAsync("too_many_complaints");
    }

    [Fact]
    public async Task One_or_two_complaints_about_a_small_edition_say_nothing_and_the_third_pauses_it()
    {
        await using var held = await HeldAsync(readers: 200, apart: 200);
        await fixture.TellAsync([.. held.Mails.Take(2).Select(m => FiguresFixture.EventOf(m, "spamreport"))]);
        await LookedAsync(2);
        Assert.False((await held.EditionAsync()).GetProperty("paused").GetBoolean());

        await fixture.TellAsync(FiguresFixture.EventOf(held.Mails[2], "spamreport"));
        await held.BecomesPausedAsync("too_many_complaints");
    }

    [Fact]
    public async Task A_few_letters_say_nothing()
    {
        await using var held = await HeldAsync(readers: 99, apart: 1);
        await fixture.TellAsync([.. held.Mails.Take(30).Select(m => FiguresFixture.EventOf(m, "bounce", SignedEvents.Hard)), FiguresFixture.EventOf(held.Mails[^1], "spamreport")]);
        await LookedAsync(3);
        Assert.False((await held.EditionAsync()).GetProperty("paused").GetBoolean());
    }

    /// <summary>An edition of two batches, of which the provider has taken one and still thinks about the other.</summary>
    private async Task<Held> HeldAsync(int readers = 1_000, int apart = 100)
    {
        var publication = await fixture.Sending.PublicationAsync();
        await publication.JoinAsync(readers);
        // A letter of another kind, hence another batch.
        await publication.TellAsync([.. Enumerable.Range(0, apart).Select(i => publication.Reader($"apart{i}") with { TrackingAllowed = false })]);
        var release = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = fixture.Sending.Provider.Calls + 1;
        fixture.Sending.Provider.Answer = call => call == first ? Task.FromResult(StatusCodes.Status202Accepted) : release.Task;
        var edition = await publication.PublishAsync(publication.Post("Held"));
        await Eventually.TrueAsync(async () => (await fixture.Sending.LedgerAsync(edition.Id)).GetValueOrDefault(DeliveryState.Accepted) > 0, "one batch taken");
        return new(fixture, publication, edition, [.. fixture.Sending.Provider.Of(edition)], release);
    }

    /// <summary>Waits until the watch has looked so often.</summary>
    private async Task LookedAsync(int times)
    {
        using var operators = fixture.Mailer.As(Role.Operator, null);
        async Task<DateTimeOffset?> LastAsync() =>
            (await operators.GetFromJsonAsync<JsonElement>("/api/v1/operations/mailer", Cancellation)).GetProperty("schedules").EnumerateArray()
                .Single(s => s.GetProperty("name").GetString() == "complaints and bounces").GetProperty("lastRunAt") is { ValueKind: JsonValueKind.String } at ? at.GetDateTimeOffset() : null;
        for (var i = 0; i < times; i++)
        {
            var last = await LastAsync();
            await Eventually.TrueAsync(async () => await LastAsync() > (last ?? DateTimeOffset.MinValue), "another look");
        }
    }

    private sealed record Held(PostgresFigures Fixture, TestPublication Publication, Edition Edition, IReadOnlyList<FakeMail> Mails, TaskCompletionSource<int> Release) : IAsyncDisposable
    {
        public async Task<JsonElement> EditionAsync() => (await Publication.DetailsAsync(Edition.Id)).GetProperty("edition");

        public Task BecomesPausedAsync(string reason) => Eventually.TrueAsync(
            async () => await EditionAsync() is var edition && edition.GetProperty("paused").GetBoolean() && edition.GetProperty("pauseReason").GetString() == reason, reason);

        public async ValueTask DisposeAsync()
        {
            Fixture.Sending.Provider.Answer = _ => Task.FromResult(StatusCodes.Status202Accepted);
            Release.TrySetResult(StatusCodes.Status202Accepted);
            using var cancelled = await Publication.As(Role.Editor).PostAsync($"{Publication.Api}/editions/{Edition.Id}/cancel", null);
        }
    }
}
