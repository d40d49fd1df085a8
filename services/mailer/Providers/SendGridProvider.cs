using System.Net;

namespace Newsletter.Mailer.Providers;

/// <summary>SendGrid's v3 API: one call carries up to 1,000 letters of one variant.</summary>
internal sealed class SendGridProvider(IHttpClientFactory clients, SendGridOptions options, TimeProvider time) : IMailProvider
{
    public const string Client = "mailer-sendgrid";

    // Each round takes out the letters that a refusal names.
    private const int Rounds = 5;

    public string Name => "sendgrid";
    public int MaxBatch => 1000;
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
            var answered = await CallAsync(batch, call, cancellation);
            outcomes.AddRange(answered);
            var done = answered.Select(o => o.Key).ToHashSet();
            waiting.RemoveAll(l => done.Contains(l.Key));
        }
        return outcomes;
    }

    public IEnumerable<MailEvent?> EventsIn(string body) => SendGridEvents.In(body);

    /// <summary>An outcome for every letter of the call; a refusal of single letters does not cost the others.</summary>
    private async Task<List<SendOutcome>> CallAsync(OutgoingBatch batch, List<OutgoingLetter> letters, CancellationToken cancellation)
    {
        List<SendOutcome> outcomes = [];
        for (var round = 1; letters.Count > 0; round++)
        {
            var answer = await PostAsync(SendGridMail.Of(batch, letters), cancellation);
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
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Our time was up while it may have been at work, or no connection came about in the handler's time.
            return timeout.IsCancellationRequested ? SendGridAnswer.Lost("timeout") : SendGridAnswer.Away("connect");
        }
        catch (HttpRequestException e)
        {
            var isBefore = e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError;
            return isBefore ? SendGridAnswer.Away("connect") : SendGridAnswer.Lost("connection_lost");
        }
        catch (IOException)
        {
            return SendGridAnswer.Lost("connection_lost");
        }
    }

    public static void Register(IServiceCollection services) => services.AddHttpClient(Client)
        .ConfigureHttpClient(http => http.Timeout = Timeout.InfiniteTimeSpan)
        .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
        });
}
