using System.Net.Http.Json;

namespace Newsletter.SystemTests.Crashes;

/// <summary>
/// Bug class: a letter that is lost, or goes out twice, because a mailer, its broker, its database or its provider went away in the middle. The short form is
/// part of tests/run; tests/crashes runs the long one, of 20,000 letters and 20 blows.
/// </summary>
[Collection(nameof(SendGridCrashes))]
public sealed class SendGridCrashTests(SendGridHouse house)
{
    private readonly int _seed = CrashRun.Seed;
    private int _latency;
    private int _doubts;

    [Fact]
    public async Task Whatever_is_killed_and_whatever_SendGrid_answers_everybody_gets_the_letter_and_only_what_was_in_flight_may_come_twice()
    {
        var random = new Random(_seed);
        var recipients = CrashRun.Recipients(16_000);
        var calls = recipients / SendGridHouse.LettersOfACall;
        _latency = (int)Math.Clamp(CrashRun.Blows * CrashRun.ABlow.TotalMilliseconds * house.Mailers.Count / calls, 2_000, 40_000);
        // Before the first letter leaves.
        await SetFaultsAsync(new { latencyMs = _latency });
        var edition = await CrashEdition.PublishAsync(house, recipients);
        var blows = new Blows(house, edition, random);

        await blows.FallAsync(CrashRun.Blows, () => DisturbAsync(random));
        await SetFaultsAsync(new { });
        var states = await edition.OverAsync($"seed {_seed}; {blows}");
        await edition.AllKnownAsync();

        var copies = await house.CopiesAsync(edition.Domain);
        var repeats = copies.Values.Sum(n => n - 1);
        var bound = (blows.MailersKilled * SendGridHouse.Calls + _doubts) * SendGridHouse.LettersOfACall;
        var report = $"SendGrid, seed {_seed}: {edition.Recipients} letters, {blows.Count} blows ({blows}), {_doubts} calls in doubt; {edition.Recipients - copies.Count} lost, {repeats} repeated of at most {bound}; {states}";
        TestContext.Current.SendDiagnosticMessage(report);
        Assert.True(blows.Count == CrashRun.Blows, report);
        Assert.True(copies.Count == edition.Recipients, report);
        Assert.True(repeats <= bound, report);
        Assert.True(CrashEdition.Letters(states, "accepted") + CrashEdition.Letters(states, "delivered") >= edition.Recipients, report);
    }

    /// <summary>What SendGrid does wrong with the next call or two.</summary>
    private async Task DisturbAsync(Random random)
    {
        switch (random.Next(6))
        {
            case 0:
                await SetFaultsAsync(new { latencyMs = _latency, count = 2, status = 429, retryAfter = 1 });
                break;
            case 1:
                await SetFaultsAsync(new { latencyMs = _latency, count = 2, status = random.Next(2) == 0 ? 500 : 503 });
                break;
            case 2:
                // It takes the letters and never says so; its events do.
                await SetFaultsAsync(new { latencyMs = _latency, count = 1, timeoutAfterAccept = true });
                _doubts++;
                break;
            case 3:
                await SetFaultsAsync(new { latencyMs = _latency, count = 1, dropAfterAccept = true });
                _doubts++;
                break;
            case 4:
                await SetFaultsAsync(new { latencyMs = _latency });
                house.Provider.Cut();
                house.Provider.Mend();
                _doubts += house.Mailers.Count * SendGridHouse.Calls;
                break;
            default:
                await SetFaultsAsync(new { latencyMs = _latency });
                break;
        }
    }

    private async Task SetFaultsAsync(object faults)
    {
        using var set = await house.Visitor().PostAsJsonAsync(new Uri(house.Addresses["sandbox"], "/sandbox/api/sendgrid/faults"), faults);
        set.EnsureSuccessStatusCode();
    }
}
