using System.Collections.Concurrent;
using Newsletter.Mailer.Pace;

namespace Newsletter.Mailer.Providers;

/// <summary>What a provider answered in the last hour, kept a minute apart in this process's memory: 60 minutes of counts and latencies for each provider.</summary>
internal sealed class ProviderHealth(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Hour> _providers = new();

    public void Called(string provider, IReadOnlyList<SendOutcome> outcomes, TimeSpan took)
    {
        ProviderMetrics.Called(provider, outcomes, took);
        _providers.GetOrAdd(provider, _ => new()).Add(time.GetUtcNow(), outcomes, took);
    }

    /// <summary>Of a provider that was not called yet: zeros.</summary>
    public ProviderView Of(string provider) => _providers.GetOrAdd(provider, _ => new()).View(provider, time.GetUtcNow());

    private sealed class Hour
    {
        private const int Minutes = 60;
        private readonly Lock _lock = new();
        private readonly Minute?[] _minutes = new Minute?[Minutes];
        private DateTimeOffset? _lastAccepted;
        private ProviderFailure? _lastFailure;

        public void Add(DateTimeOffset now, IReadOnlyList<SendOutcome> outcomes, TimeSpan took)
        {
            lock (_lock)
            {
                var number = NumberOf(now);
                var minute = _minutes[number % Minutes] is { } known && known.Number == number ? known : _minutes[number % Minutes] = new(number);
                minute.Add(outcomes, took);
                if (outcomes.Any(o => o is SendOutcome.Accepted)) _lastAccepted = now;
                if (outcomes.Select(FailureOf).FirstOrDefault(code => code is not null) is { } text) _lastFailure = new(now, text);
            }
        }

        public ProviderView View(string provider, DateTimeOffset now)
        {
            lock (_lock)
            {
                var recent = _minutes.OfType<Minute>().Where(m => m.Number > NumberOf(now) - Minutes).ToList();
                return new(
                    provider, recent.Sum(m => m.Accepted), recent.Sum(m => m.Refused), recent.Sum(m => m.Failed),
                    Latencies.Quantile(recent.Select(m => m.Took), 0.5), Latencies.Quantile(recent.Select(m => m.Took), 0.95), _lastAccepted, _lastFailure);
            }
        }

        private static long NumberOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / 60;

        /// <summary>A bounded word or the provider's code; what it says beside may quote addresses.</summary>
        private static string? FailureOf(SendOutcome outcome) => outcome switch
        {
            SendOutcome.Rejected rejected => rejected.Code,
            SendOutcome.Deferred deferred => deferred.Code,
            SendOutcome.Unknown unknown => unknown.Code,
            _ => null,
        };
    }

    private sealed class Minute(long number)
    {
        public long Number => number;
        public long Accepted { get; private set; }
        public long Refused { get; private set; }
        public long Failed { get; private set; }
        public Latencies Took { get; } = new();

        public void Add(IReadOnlyList<SendOutcome> outcomes, TimeSpan took)
        {
            var accepted = outcomes.Count(o => o is SendOutcome.Accepted);
            var refused = outcomes.Count(o => o is SendOutcome.Rejected);
            Accepted += accepted;
            Refused += refused;
            Failed += outcomes.Count - accepted - refused;
            Took.Add(took);
        }
    }
}

/// <param name="Accepted">Letters in the last hour.</param>
/// <param name="Refused">Letters that it will never take.</param>
/// <param name="Failed">Letters that it did not take now, or whose answer was lost.</param>
/// <param name="P50Seconds">Of its answers; null while there were none. To within a quarter.</param>
internal sealed record ProviderView(
    string Name, long Accepted, long Refused, long Failed, double? P50Seconds, double? P95Seconds, DateTimeOffset? LastAcceptedAt, ProviderFailure? LastFailure)
{
    /// <summary>What it is to the installation: <c>first</c>, <c>fallback</c>, or null where only publications use it.</summary>
    public string? Role { get; init; }
    /// <summary>Of the installation's account.</summary>
    public CircuitState? Circuit { get; init; }
    /// <summary>The installation's and publications', as far as this process uses them.</summary>
    public int Accounts { get; init; }
    /// <summary>Accounts that nothing is sent through for now, because they are away.</summary>
    public int Away { get; init; }
    /// <summary>Accounts that asked us to wait.</summary>
    public int Held { get; init; }
    /// <summary>Of the installation's account.</summary>
    public AccountPace? Pace { get; init; }
}

internal sealed record ProviderFailure(DateTimeOffset At, string Text);
