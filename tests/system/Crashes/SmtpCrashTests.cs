using Newsletter.Tests.Harness;

namespace Newsletter.SystemTests.Crashes;

/// <summary>
/// Bug class: as over SendGrid. A mail server tells of no letter that it took: what was in flight when a mailer died, or was taken without an answer, is in
/// doubt until staff settle it; here they have it sent again.
/// </summary>
[Collection(nameof(SmtpCrashes))]
public sealed class SmtpCrashTests(SmtpHouse house)
{
    // Of a thousand letters; the rest is taken.
    private static readonly (SinkAnswer Answer, int Odds)[] Faults =
    [
        (SinkAnswer.Later, 10), (SinkAnswer.Leave, 5), (SinkAnswer.HangUp, 5), (SinkAnswer.Refuse, 3), (SinkAnswer.TakeAndHangUp, 2), (SinkAnswer.TakeAndFallSilent, 1),
    ];

    [Fact]
    public async Task Whatever_is_killed_and_whatever_the_mail_server_answers_everybody_gets_the_letter_and_only_one_per_connection_may_come_twice()
    {
        var (seed, sink) = (CrashRun.Seed, house.Sink);
        var recipients = CrashRun.Recipients(4_000);
        // Before the first letter leaves.
        (sink.Latency, sink.Answer) = (CrashRun.ABlow * CrashRun.Blows * house.Mailers.Count * SmtpHouse.Connections / recipients, Any);
        var edition = await CrashEdition.PublishAsync(house, recipients);
        var blows = new Blows(house, edition, new Random(seed));

        await blows.FallAsync(CrashRun.Blows, () => Task.CompletedTask);
        (sink.Answer, sink.Latency) = (() => SinkAnswer.Take, TimeSpan.Zero);
        var states = await edition.OverAsync($"seed {seed}; {blows}", staffResend: true);
        await edition.AllKnownAsync();

        var copies = sink.Taken.Where(l => IsOf(edition, l.Address)).GroupBy(l => l.Address).ToDictionary(g => g.Key, g => g.Count());
        var refused = sink.Refused.Where(address => IsOf(edition, address)).ToHashSet();
        var repeats = copies.Values.Sum(n => n - 1);
        var bound = blows.MailersKilled * SmtpHouse.Connections + sink.Unanswered;
        var lost = edition.Recipients - copies.Keys.Union(refused).Count();
        var report = $"SMTP, seed {seed}: {edition.Recipients} letters, {blows.Count} blows ({blows}), {sink.Unanswered} taken without an answer, {refused.Count} refused; {lost} lost, {repeats} repeated of at most {bound}; {states}";
        TestContext.Current.SendDiagnosticMessage(report);
        Assert.True(blows.Count == CrashRun.Blows, report);
        Assert.True(lost == 0, report);
        Assert.True(repeats <= bound, report);
        var (accepted, failed) = (CrashEdition.Letters(states, "accepted"), CrashEdition.Letters(states, "failed"));
        Assert.True(accepted + failed >= edition.Recipients, report);
        // Nothing is written down as sent that was not taken, and as refused that was not.
        Assert.True(accepted <= sink.Taken.Select(l => l.Address).Distinct().Count() && failed <= refused.Count, report);
    }

    private static bool IsOf(CrashEdition edition, string address) => address.EndsWith($"@{edition.Domain}", StringComparison.Ordinal);

    private static SinkAnswer Any()
    {
        var drawn = Random.Shared.Next(1_000);
        foreach (var (answer, odds) in Faults)
        {
            if ((drawn -= odds) < 0) return answer;
        }
        return SinkAnswer.Take;
    }
}
