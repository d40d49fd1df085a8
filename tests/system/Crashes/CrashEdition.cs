using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Newsletter.Tests.Harness;

namespace Newsletter.SystemTests.Crashes;

/// <summary>An edition to readers at a domain of their own, as staff follow it through the API.</summary>
internal sealed class CrashEdition
{
    private const string Api = "/api/v1/publications/scipapermill";
    private const int MostOfAnImport = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private readonly CrashHouse _house;
    private int _readersBefore;
    private int _late;
    private Guid _id;

    private CrashEdition(CrashHouse house, int recipients) => (_house, Recipients) = (house, recipients);

    public int Recipients { get; }
    public string Domain { get; } = $"c{Guid.NewGuid():N}.example";

    public static async Task<CrashEdition> PublishAsync(CrashHouse house, int recipients)
    {
        var edition = new CrashEdition(house, recipients);
        using (var segment = await house.Staff().PutAsJsonAsync($"{Api}/segments/crash", new { name = "All", newsletter = "posts" })) segment.EnsureSuccessStatusCode();
        edition._readersBefore = await edition.ReadersAsync();
        for (var from = 0; from < recipients; from += MostOfAnImport)
            await edition.ImportAsync(Enumerable.Range(from, Math.Min(MostOfAnImport, recipients - from)).Select(i => $"r{i}@{edition.Domain}"));
        await edition.AllKnownAsync();
        edition._id = await PostAsync(house);
        return edition;
    }

    /// <summary>One more reader, too late for this edition. Subscriber tells the mailer of them by the broker.</summary>
    public Task JoinLateAsync() => ImportAsync([$"late{_late++}@late-{Domain}"]);

    /// <summary>Nobody who has joined is lost on the way to the mailer.</summary>
    public Task AllKnownAsync() => Eventually.TrueAsync(async () => await ReadersAsync() >= _readersBefore + Recipients + _late, "the mailer knows all readers", TimeSpan.FromMinutes(3));

    /// <summary>Its letters are on their way.</summary>
    public Task BegunAsync() => Eventually.TrueAsync(async () => await StatesAsync() is { } states && Letters(states, "sending") + Letters(states, "accepted") > 0, "letters on their way", Patience);

    /// <summary>False also while the mailer that is asked has just been killed.</summary>
    public async Task<bool> IsOverAsync() => await StatesAsync() is { } states && Waiting(states) == 0 && Letters(states, "uncertain") == 0;

    /// <param name="staffResend">Nobody tells of letters that are in doubt: staff have them sent again.</param>
    public async Task<JsonElement> OverAsync(string report, bool staffResend = false)
    {
        JsonElement? last = null;
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                last = await StatesAsync() ?? last;
                if (last is not { } states || Waiting(states) > 0) return false;
                if (Letters(states, "uncertain") == 0) return true;
                if (staffResend) await ResendAsync();
                return false;
            }, "the edition is over", Patience);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{report}: {last}", e);
        }
        return last!.Value;
    }

    public static int Letters(JsonElement states, string state) => states.GetProperty(state).GetInt32();

    private static int Waiting(JsonElement states) => Letters(states, "queued") + Letters(states, "sending");

    /// <summary>Null while there is no answer, or not all of the audience is written down.</summary>
    private async Task<JsonElement?> StatesAsync()
    {
        if (await DetailsAsync() is not { } details) return null;
        var states = details.GetProperty("states");
        var sum = states.EnumerateObject().Sum(s => s.Value.GetInt32());
        Assert.Equal(details.GetProperty("edition").GetProperty("recipients").GetInt32(), sum);
        return sum >= Recipients ? states : null;
    }

    private async Task<JsonElement?> DetailsAsync()
    {
        using var answer = await _house.Staff().GetAsync(new Uri($"{Api}/editions/{_id}", UriKind.Relative));
        return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<JsonElement>() : null;
    }

    private async Task ResendAsync()
    {
        if (await DetailsAsync() is not { } details) return;
        foreach (var batch in details.GetProperty("uncertain").EnumerateArray())
        {
            using var sent = await _house.Staff().PostAsync(new Uri($"{Api}/editions/{_id}/batches/{batch.GetProperty("id").GetGuid()}/resend", UriKind.Relative), null);
        }
    }

    private async Task ImportAsync(IEnumerable<string> addresses)
    {
        var csv = new StringBuilder("email,cadence\n");
        foreach (var address in addresses) csv.Append(CultureInfo.InvariantCulture, $"{address},every_post\n");
        // A database that was killed a moment ago answers 503, and asks to be asked again.
        await Eventually.TrueAsync(async () =>
        {
            using var body = new StringContent(csv.ToString(), Encoding.UTF8, "text/csv");
            using var imported = await _house.Staff().PostAsync(new Uri($"{Api}/subscribers/import?confirmed=true", UriKind.Relative), body);
            return imported.IsSuccessStatusCode;
        }, "an import", TimeSpan.FromMinutes(1));
    }

    private async Task<int> ReadersAsync()
    {
        using var answer = await _house.Staff().GetAsync(new Uri($"{Api}/segments/crash", UriKind.Relative));
        return answer.IsSuccessStatusCode ? (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("readers").GetInt32() : 0;
    }

    private static async Task<Guid> PostAsync(CrashHouse house)
    {
        var slug = $"crash-{Guid.NewGuid().ToString("N")[..8]}";
        using var made = await house.Staff().PostAsJsonAsync($"{Api}/posts", new { title = slug, slug, access = "public", body = "A letter." });
        made.EnsureSuccessStatusCode();
        var post = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
        using var published = await house.Staff().PostAsJsonAsync($"{Api}/posts/{slug}/publish", new { mail = true });
        published.EnsureSuccessStatusCode();
        var found = await Eventually.GetAsync<object>(
            async () => (await house.Staff().GetFromJsonAsync<JsonElement>($"{Api}/editions?post={post}")).GetProperty("items").EnumerateArray().Select(e => (object)e.GetProperty("id").GetGuid()).FirstOrDefault(), "the edition", Patience);
        return (Guid)found;
    }
}
