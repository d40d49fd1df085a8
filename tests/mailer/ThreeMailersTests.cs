using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Roundups;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>Three mailers on one database, each with two connections to one mail server: what staff say to one of them holds for all.</summary>
public sealed class ThreeMailersTests : IAsyncLifetime
{
    private const int Readers = 6_000;
    private const int Connections = 2;
    private readonly MailSink _sink = new() { Latency = TimeSpan.FromMilliseconds(20) };
    private readonly List<MailerUnderTest> _mailers = [];
    private TestDatabase _database = null!;
    private TestPublication _publication = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        KeyValuePair<string, string?>[] settings =
            [new("Mail:Provider", "smtp"), new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{_sink.Port}"), new("Smtp:Security", "None"), new("Smtp:Connections", $"{Connections}")];
        for (var i = 0; i < 3; i++) _mailers.Add(await MailerUnderTest.StartAsync(useDatabase: _database, settings: settings));
        var now = DateTimeOffset.UtcNow.AddHours(12);
        _publication = await _mailers[0].PublicationAsync(schedule: new(now.DayOfWeek, TimeOnly.FromTimeSpan(now.TimeOfDay)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var mailer in _mailers) await mailer.DisposeAsync();
        await _sink.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Pause_resume_and_cancel_said_to_any_of_them_hold_in_all_at_once_and_the_sum_stays_right()
    {
        await _publication.JoinAsync(Readers);
        var edition = await _publication.PublishAsync(_publication.Post("Stopped and gone on", Access.Public));
        await TakenAsync(300);

        await SayAsync(_mailers[1], edition, "pause");
        var paused = DateTimeOffset.UtcNow;
        await StandsStillAsync(edition);
        AssertAtOnce(paused, "pause");

        var before = _sink.Taken.Count;
        await SayAsync(_mailers[2], edition, "resume");
        var resumed = DateTimeOffset.UtcNow;
        await TakenAsync(before + 1);
        TestContext.Current.SendDiagnosticMessage($"resume: {(_sink.Taken.Where(l => l.At > paused).Skip(before - _sink.Taken.Count(l => l.At <= paused)).First().At - resumed).TotalMilliseconds:0} ms until the next letter");
        await TakenAsync(before + 300);

        await SayAsync(_mailers[0], edition, "cancel");
        var cancelled = DateTimeOffset.UtcNow;
        await StandsStillAsync(edition);
        AssertAtOnce(cancelled, "cancel");
        var taken = _sink.Taken.Count;
        await _mailers[1].LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, taken), (DeliveryState.Cancelled, Readers - taken));
        Assert.Equal(taken, _sink.Taken.Select(l => l.Address).Distinct().Count());
    }

    [Fact]
    public async Task A_roundups_slot_fires_once()
    {
        for (var i = 0; i < 20; i++) await _publication.JoinAsync($"weekly{i}", _publication.Roundup);
        await _publication.TellAsync(_publication.Post("In the roundup", asLetter: false));

        foreach (var mailer in _mailers) mailer.Service.Time.Advance(TimeSpan.FromHours(13));
        // Their polls are seconds apart: here they look at the same moment.
        foreach (var mailer in _mailers) mailer.Service.Services.GetRequiredService<RoundupWorker>().Wake();

        var edition = await _mailers[2].EditionAsync(e => e is { Kind: EditionKind.Roundup, State: EditionState.Sent }, "roundup sent");
        await _mailers[0].LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 20));
        Assert.Equal(1, await _mailers[1].WithDbAsync(db => db.Editions.CountAsync(e => e.SlotAt != null)));
        Assert.Equal(20, _sink.Taken.Count);
    }

    /// <summary>Only what was on its way when the word was given may still arrive: a letter for each connection.</summary>
    private void AssertAtOnce(DateTimeOffset said, string word)
    {
        var late = _sink.Taken.Where(l => l.At > said).ToList();
        TestContext.Current.SendDiagnosticMessage($"{word}: {late.Count} letters after it, the last {late.Select(l => (l.At - said).TotalMilliseconds).DefaultIfEmpty().Max():0} ms");
        Assert.InRange(late.Count, 0, _mailers.Count * Connections);
    }

    private async Task SayAsync(MailerUnderTest mailer, Edition edition, string word)
    {
        using var answer = await mailer.Service.As(Role.Editor, _publication.Id).PostAsync(new Uri($"{_publication.Api}/editions/{edition.Id}/{word}", UriKind.Relative), null, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private Task TakenAsync(int letters) => Eventually.TrueAsync(() => Task.FromResult(_sink.Taken.Count >= letters), $"{letters} letters taken", TimeSpan.FromMinutes(1));

    /// <summary>No batch is held by anybody. The sum is looked at each time.</summary>
    private Task StandsStillAsync(Edition edition) => Eventually.TrueAsync(async () =>
    {
        var states = await _mailers[0].LedgerAsync(edition.Id);
        return states.GetValueOrDefault(DeliveryState.Sending) == 0
            && !await _mailers[0].WithDbAsync(db => db.Batches.AnyAsync(b => b.EditionId == edition.Id && b.State == BatchState.Sending));
    }, "no batch on its way");
}
