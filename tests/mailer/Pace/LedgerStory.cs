using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Pace;

/// <param name="Copies">That the provider took, whether it said so or not.</param>
/// <param name="Resends">How often staff had it sent again while it was in doubt.</param>
internal sealed record StoryLetter(Guid Reader, DeliveryState State, int Copies, int Resends);

/// <summary>An edition of three batches that two mailers send, and what happens to it: the seed decides.</summary>
internal sealed class LedgerStory : IAsyncDisposable
{
    private const int Readers = 1_300, Untracked = 200, Audience = Readers + Untracked;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(11);
    private readonly int _seed;
    private readonly Random _random;
    private readonly Random _answers;
    private readonly ConcurrentQueue<string> _told = new();
    private readonly ConcurrentDictionary<Guid, int> _resends = new();
    private readonly CancellationTokenSource _over = new();
    private TwoMailers _mailers = null!;
    private TestPublication _publication = null!;
    private Edition _edition = null!;
    private HttpClient _owner = null!;
    private HttpClient _operator = null!;
    private Task _looking = Task.CompletedTask;
    private int _looks;
    private bool _isPaused;
    private volatile bool _isHealed;

    private LedgerStory(int seed) => (_seed, _random, _answers) = (seed, new(seed), new(seed + 1));

    private string Edition => $"{_publication.Api}/editions/{_edition.Id}";

    public override string ToString() => $"seed {_seed}, {_looks} looks: {string.Join(", ", _told)}";

    public static async Task<LedgerStory> BeginAsync(int seed)
    {
        var story = new LedgerStory(seed) { _mailers = await TwoMailers.StartAsync(KeyValuePair.Create("Mail:CircuitPause", (string?)"00:00:01")) };
        story._mailers.Provider.Answer = story.AnswerAsync;
        story._mailers.Provider.AfterKept = story.MaybeSayNothingAsync;
        story._mailers.Provider.RefusalHeaders["Retry-After"] = $"{story._random.Next(1, 120)}";
        story._publication = await story._mailers.First.PublicationAsync();
        (story._owner, story._operator) = (story.As(Role.Owner, story._publication.Id), story.As(Role.Operator, null));
        await story.SetAccountAsync();
        await story._publication.JoinAsync(Readers);
        await story._publication.TellAsync([.. Enumerable.Range(0, Untracked).Select(i => story._publication.Reader($"untracked{i}") with { TrackingAllowed = false })]);
        story._edition = await story._publication.PublishAsync(story._publication.Post("A story", Access.Public));
        await Eventually.TrueAsync(async () => (await story.DetailsAsync()).GetProperty("edition").GetProperty("recipients").GetInt32() == Audience, "the audience");
        story._looking = Task.Run(story.LookAllTheTimeAsync);
        return story;
    }

    /// <summary>One thing that somebody does, and a moment: what happens in between is what is tested.</summary>
    public async Task StepAsync()
    {
        switch (_random.Next(8))
        {
            case 0 or 1:
                await PostAsync(_isPaused ? "resume" : "pause");
                _isPaused = !_isPaused;
                break;
            case 2 or 3:
                await SetRateAsync(_random.Next(3) == 0 ? null : _random.Next(20, 2_000));
                break;
            case 4:
                await SetAccountAsync();
                break;
            case 5:
                await WakeSecondAsync();
                break;
            case 6:
                await ResendAsync();
                break;
            default:
                var wait = new[] { TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(3), LongestWait, TimeSpan.FromHours(14) }[_random.Next(5)];
                Pass(wait);
                break;
        }
        await Task.Delay(_random.Next(20, 250), TestContext.Current.CancellationToken);
    }

    public Task CancelAsync() => PostAsync("cancel");

    /// <summary>Nothing is held up any more; what is in doubt goes out again, unless the edition was cancelled. Every letter, once none is on its way.</summary>
    public async Task<List<StoryLetter>> EndAsync()
    {
        _isHealed = true;
        if (_isPaused) await PostAsync("resume");
        await SetRateAsync(null);
        await SetAccountAsync(isFree: true);
        var since = Stopwatch.StartNew();
        await Eventually.TrueAsync(async () =>
        {
            var details = await DetailsAsync();
            var states = details.GetProperty("states");
            var isCancelled = details.GetProperty("edition").GetProperty("state").GetString() == "cancelled";
            var waiting = states.GetProperty("queued").GetInt32() + states.GetProperty("sending").GetInt32();
            if (waiting == 0 && (isCancelled || states.GetProperty("uncertain").GetInt32() == 0)) return true;
            if (!isCancelled) await ResendAsync();
            // Slowly enough for a call to be answered before somebody else takes its batch over.
            if (since.Elapsed > TimeSpan.FromSeconds(1))
            {
                Pass(LongestWait);
                since.Restart();
            }
            return false;
        }, $"an end of {this}", TimeSpan.FromSeconds(60));
        await _over.CancelAsync();
        await _looking;

        var copies = _mailers.Provider.Of(_edition).CountBy(m => Guid.Parse(m.Args["subscriber"])).ToDictionary();
        var letters = await _mailers.First.WithDbAsync(db => db.Deliveries.AsNoTracking().Where(d => d.EditionId == _edition.Id).Select(d => new { d.SubscriberId, d.State }).ToListAsync());
        return letters.ConvertAll(d => new StoryLetter(d.SubscriberId, d.State, copies.GetValueOrDefault(d.SubscriberId), _resends.GetValueOrDefault(d.SubscriberId)));
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _looking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _mailers.DisposeAsync();
        _over.Dispose();
    }

    /// <summary>As staff see it, and as it stands in the ledger.</summary>
    private async Task LookAllTheTimeAsync()
    {
        for (var mailer = _mailers.First; !_over.IsCancellationRequested; mailer = mailer == _mailers.First ? _mailers.Second : _mailers.First)
        {
            var details = await DetailsAsync();
            var sum = details.GetProperty("states").EnumerateObject().Sum(s => s.Value.GetInt32());
            Assert.True(sum == Audience, $"{sum} letters, not {Audience}, of {this}: {details.GetProperty("states")}");
            Assert.Equal(Audience, (await mailer.LedgerAsync(_edition.Id)).Values.Sum());
            _looks++;
        }
    }

    private async Task<int> AnswerAsync(int call)
    {
        int drawn, wait;
        lock (_answers) (drawn, wait) = (_isHealed ? 0 : _answers.Next(100), _answers.Next(12) == 0 ? 1_500 : _answers.Next(0, 150));
        await Task.WhenAny(Task.Delay(wait, _over.Token), _mailers.Provider.Closing);
        return drawn switch
        {
            < 62 => 202,
            < 72 => 429,
            < 80 => 503,
            < 85 => 500,
            < 88 => 401,
            < 90 => 400,
            // Hangs up.
            _ => 0,
        };
    }

    /// <summary>It has the letters; what it answers is not its own.</summary>
    private Task MaybeSayNothingAsync()
    {
        lock (_answers) return !_isHealed && _answers.Next(10) == 0 ? throw new InvalidOperationException("no answer") : Task.CompletedTask;
    }

    private void Pass(TimeSpan time)
    {
        _mailers.Pass(time);
        _told.Enqueue($"{time} passed");
    }

    private async Task SetRateAsync(int? rate)
    {
        var path = $"/api/v1/operations/mailer/rates/{_publication.Slug}";
        using var set = rate is null ? await _operator.DeleteAsync(path) : await _operator.PutAsJsonAsync(path, new { rate });
        Told($"rate {rate}", set);
    }

    private async Task SetAccountAsync(bool isFree = false)
    {
        object? warmUp = isFree || _random.Next(3) == 0 ? null : new { first = _random.Next(50, 600), growth = 2.0, days = 10 };
        double? rate = isFree || _random.Next(3) == 0 ? null : _random.Next(50, 3_000);
        using var set = await _owner.PutAsJsonAsync($"{_publication.Api}/senders/accounts/first", new { provider = "sendgrid", apiKey = "SG.a-key-of-its-own", rate, warmUp });
        Told($"account {rate} {warmUp}", set);
    }

    private async Task PostAsync(string what)
    {
        using var answer = await _owner.PostAsync($"{Edition}/{what}", null);
        Told(what, answer);
    }

    /// <summary>Batches that the first one would have taken, had it been woken.</summary>
    private async Task WakeSecondAsync()
    {
        foreach (var batch in await _mailers.Second.WithDbAsync(db => db.Batches.Where(b => b.EditionId == _edition.Id && b.State == BatchState.Queued).Select(b => b.Id).ToListAsync()))
            await _mailers.Second.Service.PublishAsync(new DeliverBatch(batch, _edition.Id, _publication.Id));
        _told.Enqueue("second woken");
    }

    private async Task ResendAsync()
    {
        foreach (var batch in (await DetailsAsync()).GetProperty("uncertain").EnumerateArray().Select(b => b.GetProperty("id").GetGuid()))
        {
            var doubtful = await _mailers.First.WithDbAsync(db => db.Deliveries.Where(d => d.BatchId == batch && d.State == DeliveryState.Uncertain).Select(d => d.SubscriberId).ToListAsync());
            using var sent = await _owner.PostAsync($"{Edition}/batches/{batch}/resend", null);
            Told($"{doubtful.Count} resent", sent);
            if (sent.IsSuccessStatusCode) foreach (var reader in doubtful) _resends.AddOrUpdate(reader, 1, (_, times) => times + 1);
        }
    }

    /// <summary>Not everything is possible at any time, and the API says so.</summary>
    private void Told(string what, HttpResponseMessage answer)
    {
        Assert.True(answer.IsSuccessStatusCode || (int)answer.StatusCode is 404 or 409, $"{what}: {answer.StatusCode}, {this}");
        _told.Enqueue(answer.IsSuccessStatusCode ? what : $"no {what}");
    }

    /// <summary>Whatever time passes in the story.</summary>
    private HttpClient As(Role role, Guid? publication) => _mailers.First.Service.As(_mailers.First.Service.Tokens.Sign(role, publication, lifetime: TimeSpan.FromDays(1_000)));

    private Task<JsonElement> DetailsAsync() => _owner.GetFromJsonAsync<JsonElement>(Edition);
}
