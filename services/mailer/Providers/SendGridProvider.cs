using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Providers;

/// <summary>SendGrid's v3 API: one call carries up to 1,000 letters of one body.</summary>
internal sealed class SendGridProvider(IHttpClientFactory clients, SendGridOptions options, TimeProvider time) : IMailProvider
{
    public const string Client = "mailer-sendgrid";

    // Each round takes out the letters that a refusal names.
    private const int Rounds = 5;

    // Of letters that do not fit into one call.
    private const int SideBySide = 16;

    // A pause waits for those that were begun, four of them one after the other.
    private const int MostCalls = 4 * SideBySide;

    public string Name => "sendgrid";
    public int MaxBatch => 1000;
    /// <summary>Fewer where many need a call of their own.</summary>
    public int MaxBatchOf(PersonalList list, IReadOnlyCollection<BlockSet?> shown) => (int)Math.Clamp((long)shown.Count * MostCalls / SendGridCalls.CountOf(list, shown), MostCalls, MaxBatch);
    public int MaxConcurrency => options.Concurrency;
    public DomainNeeds Needs => new("include:sendgrid.net", SignsItself: true);

    public async Task<IReadOnlyList<SendOutcome>> SendAsync(OutgoingBatch batch, CancellationToken cancellation)
    {
        List<SendOutcome> outcomes = new(batch.Letters.Count);
        List<OutgoingLetter> waiting = new(batch.Letters.Count);
        foreach (var letter in batch.Letters)
        {
            if (SendGridMail.FaultOf(letter) is { } fault) outcomes.Add(fault);
            else waiting.Add(letter);
        }
        while (waiting.Count > 0)
        {
            // An address may stand in a call only once.
            var call = waiting.DistinctBy(l => l.To.Address, StringComparer.OrdinalIgnoreCase).ToList();
            var answered = await CallsAsync(SendGridCalls.Of(batch, call), cancellation);
            outcomes.AddRange(answered);
            var done = answered.Select(o => o.Key).ToHashSet();
            waiting.RemoveAll(l => done.Contains(l.Key));
        }
        return outcomes;
    }

    public IEnumerable<MailEvent?> EventsIn(string body) => SendGridEvents.In(body);

    /// <summary>After a call that was put off or lost no other is begun.</summary>
    private async Task<List<SendOutcome>> CallsAsync(IReadOnlyList<SendGridCall> calls, CancellationToken cancellation)
    {
        if (calls is [var only]) return await CallAsync(only, cancellation);
        List<SendOutcome> outcomes = [];
        SendOutcome? stop = null;
        await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellation }, async (call, cancelled) =>
        {
            var answered = Volatile.Read(ref stop) is { } why ? [.. call.Letters.Select(l => NotBegun(l.Key, why))] : await CallAsync(call, cancelled);
            if (answered.Find(o => o is SendOutcome.Deferred or SendOutcome.Unknown) is { } first) Interlocked.CompareExchange(ref stop, first, null);
            lock (outcomes) outcomes.AddRange(answered);
        });
        return outcomes;
    }

    private static SendOutcome.Deferred NotBegun(string key, SendOutcome why) =>
        why is SendOutcome.Deferred deferred ? deferred with { Key = key } : new SendOutcome.Deferred(key, "not_begun", "", null) { IsAway = true };

    /// <summary>An outcome for every letter of the call; a refusal of single letters does not cost the others.</summary>
    private async Task<List<SendOutcome>> CallAsync(SendGridCall call, CancellationToken cancellation)
    {
        List<SendOutcome> outcomes = [];
        var letters = call.Letters.ToList();
        for (var round = 1; letters.Count > 0; round++)
        {
            var answer = await PostAsync(SendGridMail.Of(call with { Letters = letters }), cancellation);
            if (answer.Refused is { Count: > 0 } refused && round < Rounds)
            {
                outcomes.AddRange(refused.Where(r => r.Index < letters.Count).Select(r => r.Outcome(letters[r.Index].Key)));
                var taken = outcomes.Select(o => o.Key).ToHashSet();
                letters = letters.FindAll(l => !taken.Contains(l.Key));
                continue;
            }
            outcomes.AddRange(letters.Select(l => answer.Outcome(l.Key)));
            break;
        }
        return outcomes;
    }

    private async Task<SendGridAnswer> PostAsync(Stream mail, CancellationToken cancellation)
    {
        using var http = clients.CreateClient(Client);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{options.ApiBase.TrimEnd('/')}/v3/mail/send")
        {
            Headers = { Authorization = new("Bearer", options.ApiKey) },
            Content = new StreamContent(mail) { Headers = { ContentType = new("application/json") } },
        };
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(options.Timeout);
        try
        {
            using var response = await http.SendAsync(request, timeout.Token);
            return await SendGridAnswer.ReadAsync(response, time, timeout.Token);
        }
        catch (Exception e) when (ProviderHttp.CodeOf(e, timeout.Token, cancellation) is { } code)
        {
            return code == ProviderHttp.NotReached ? SendGridAnswer.Away(code) : SendGridAnswer.Lost(code);
        }
    }

    public static void Register(IServiceCollection services) => services.AddProviderClient(Client);
}
