using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Newsletter.Tests.Harness;

namespace Newsletter.SystemTests.Crashes;

/// <summary>
/// Bug class: a letter that is lost, or goes out twice, because a mailer, its broker or its database went away in the middle. The short form is part of
/// tests/run; tests/crashes runs the long one, of 20,000 letters and 20 blows.
/// </summary>
[Collection(nameof(CrashCollection))]
public sealed class CrashTests(CrashHouse house)
{
    private const string Api = "/api/v1/publications/scipapermill";
    private const int CallsInFlight = 2;
    private const int LettersOfACall = 1_000;
    private static readonly int Recipients = Number("NEWSLETTER_CRASH_RECIPIENTS", 6_000);
    private static readonly int Blows = Number("NEWSLETTER_CRASH_BLOWS", 4);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Whatever_is_killed_while_an_edition_goes_out_everybody_gets_the_letter_and_only_what_was_in_flight_may_come_twice()
    {
        var seed = Number("NEWSLETTER_CRASH_SEED", Random.Shared.Next());
        var random = new Random(seed);
        var domain = $"c{Guid.NewGuid():N}.example";
        await ImportAsync(domain);
        await SetFaultsAsync(new { latencyMs = 4_000 });
        var edition = await PublishAsync();

        List<string> blows = [];
        for (var blow = 0; blow < Blows && !await IsOverAsync(edition); blow++)
        {
            // At any moment of a call: that is what is tested.
            await Task.Delay(random.Next(200, 2_000), TestContext.Current.CancellationToken);
            blows.Add(await StrikeAsync(random));
        }
        await SetFaultsAsync(new { });
        await Eventually.TrueAsync(() => IsOverAsync(edition), $"the edition is over (seed {seed}; {string.Join(", ", blows)})", Patience);

        var states = (await house.Staff().GetFromJsonAsync<JsonElement>($"{Api}/editions/{edition}")).GetProperty("states");
        var copies = await house.CopiesAsync(domain);
        var repeats = copies.Values.Sum(n => n - 1);
        var report = $"seed {seed}; {string.Join(", ", blows)}; {Recipients - copies.Count} lost, {repeats} repeated; {states}";
        TestContext.Current.SendDiagnosticMessage(report);
        Assert.True(copies.Count == Recipients, report);
        Assert.True(repeats <= Blows * CallsInFlight * LettersOfACall, report);
        Assert.True(Letters(states, "accepted") + Letters(states, "delivered") >= Recipients, report);
    }

    private async Task<string> StrikeAsync(Random random)
    {
        switch (random.Next(5))
        {
            case 0 or 1 or 2:
                var mailer = random.Next(house.Mailers.Count);
                await house.Mailers[mailer].KillAsync();
                house.Mailers[mailer].Start();
                await house.Mailers[mailer].ReadyAsync(TimeSpan.FromMinutes(2));
                return $"mailer {mailer} killed";
            case 3:
                house.Broker.Cut();
                await Task.Delay(random.Next(100, 1_000), TestContext.Current.CancellationToken);
                house.Broker.Mend();
                return "broker cut off";
            default:
                await house.DatabaseOf("mailer").DropConnectionsAsync();
                return "database's connections ended";
        }
    }

    private async Task ImportAsync(string domain)
    {
        const int part = 10_000;
        for (var from = 0; from < Recipients; from += part)
        {
            var csv = new StringBuilder("email,cadence\n");
            for (var i = from; i < Math.Min(from + part, Recipients); i++) csv.Append(CultureInfo.InvariantCulture, $"r{i}@{domain},every_post\n");
            using var body = new StringContent(csv.ToString(), Encoding.UTF8, "text/csv");
            using var imported = await house.Staff().PostAsync(new Uri($"{Api}/subscribers/import?confirmed=true", UriKind.Relative), body);
            Assert.True(imported.IsSuccessStatusCode, await imported.Content.ReadAsStringAsync());
        }
        using var segment = await house.Staff().PutAsJsonAsync($"{Api}/segments/crash", new { name = "All", newsletter = "posts" });
        segment.EnsureSuccessStatusCode();
        await Eventually.TrueAsync(
            async () => (await house.Staff().GetFromJsonAsync<JsonElement>($"{Api}/segments/crash")).GetProperty("readers").GetInt32() >= Recipients, "the mailer knows them", TimeSpan.FromMinutes(2));
    }

    private async Task<Guid> PublishAsync()
    {
        var slug = $"crash-{Guid.NewGuid().ToString("N")[..8]}";
        using var made = await house.Staff().PostAsJsonAsync($"{Api}/posts", new { title = slug, slug, access = "public", body = "A letter." });
        made.EnsureSuccessStatusCode();
        var post = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
        using var published = await house.Staff().PostAsJsonAsync($"{Api}/posts/{slug}/publish", new { mail = true });
        published.EnsureSuccessStatusCode();
        var found = await Eventually.GetAsync<object>(
            async () => (await house.Staff().GetFromJsonAsync<JsonElement>($"{Api}/editions?post={post}")).GetProperty("items").EnumerateArray().Select(e => (object)e.GetProperty("id").GetGuid()).FirstOrDefault(), "the edition");
        return (Guid)found;
    }

    /// <summary>A mailer that was just killed may be the one that is asked.</summary>
    private async Task<bool> IsOverAsync(Guid edition)
    {
        using var answer = await house.Staff().GetAsync(new Uri($"{Api}/editions/{edition}", UriKind.Relative));
        if (!answer.IsSuccessStatusCode) return false;
        var states = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("states");
        return Letters(states, "accepted") + Letters(states, "delivered") >= Recipients && Letters(states, "queued") + Letters(states, "sending") + Letters(states, "uncertain") == 0;
    }

    private async Task SetFaultsAsync(object faults)
    {
        using var set = await house.Visitor().PostAsJsonAsync(new Uri(house.Addresses["sandbox"], "/sandbox/api/sendgrid/faults"), faults);
        set.EnsureSuccessStatusCode();
    }

    private static int Letters(JsonElement states, string state) => states.TryGetProperty(state, out var n) ? n.GetInt32() : 0;

    private static int Number(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
