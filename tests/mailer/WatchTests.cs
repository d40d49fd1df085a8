using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Newsletter.Contracts;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Roundups;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>
/// Bug class: an alert that cannot fire, because its metric never rises. The meter is the process's: a mailer of another test that looked last has the word,
/// until ours looks again.
/// </summary>
public sealed class WatchTests
{
    [Fact]
    public async Task A_letter_that_nobody_takes_is_late_by_the_time_it_has_been_due_and_no_longer_when_it_has_left()
    {
        await using var mailer = await MailerUnderTest.StartAsync();
        mailer.Provider.Answer = _ => Task.FromResult(StatusCodes.Status503ServiceUnavailable);
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync("late");
        var edition = await publication.PublishAsync(publication.Post("Late"));
        await mailer.PutOffAsync(edition.Id);
        mailer.Service.Time.Advance(TimeSpan.FromHours(3));

        await BecomesAsync<DelayWatch>(mailer, """newsletter_letter_delay_seconds\{.*kind="edition".*\}""", late => late is > 10_000 and < 12_000);
        mailer.Provider.Answer = _ => Task.FromResult(StatusCodes.Status202Accepted);
        await mailer.SentAsync(edition.Id);
        await BecomesAsync<DelayWatch>(mailer, """newsletter_letter_delay_seconds\{.*kind="edition".*\}""", late => late == 0);
    }

    [Fact]
    public async Task A_slot_that_nobody_runs_is_missed_until_somebody_does()
    {
        await using var mailer = await MailerUnderTest.StartAsync();
        var runner = Of<RoundupWorker>(mailer);
        await runner.StopAsync(TestContext.Current.CancellationToken);
        var slot = mailer.Service.Time.GetUtcNow().AddHours(5);
        await mailer.PublicationAsync(schedule: new(slot.DayOfWeek, TimeOnly.FromDateTime(slot.UtcDateTime)));
        await BecomesAsync<SlotWatch>(mailer, """newsletter_roundup_slots_missed\{.*\}""", missed => missed == 0);
        mailer.Service.Time.Advance(TimeSpan.FromHours(6));

        await BecomesAsync<SlotWatch>(mailer, """newsletter_roundup_slots_missed\{.*\}""", missed => missed == 1);
        await runner.StartAsync(TestContext.Current.CancellationToken);
        await BecomesAsync<SlotWatch>(mailer, """newsletter_roundup_slots_missed\{.*\}""", missed => missed == 0);
    }

    private static async Task BecomesAsync<TWatch>(MailerUnderTest mailer, string series, Func<double, bool> match) where TWatch : Worker
    {
        var line = new Regex($"^{series} (?<value>\\S+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture);
        await Eventually.TrueAsync(async () =>
        {
            Of<TWatch>(mailer).Wake();
            return line.Match(await mailer.Service.Anonymous().GetStringAsync("/metrics")) is { Success: true } found
                && match(double.Parse(found.Groups["value"].Value, CultureInfo.InvariantCulture));
        }, series, TimeSpan.FromMinutes(1));
    }

    private static TWorker Of<TWorker>(MailerUnderTest mailer) where TWorker : Worker =>
        mailer.Service.Services.GetServices<IHostedService>().OfType<TWorker>().Single();
}
