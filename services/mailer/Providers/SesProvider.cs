using System.Buffers;
using System.Text.Json;

namespace Newsletter.Mailer.Providers;

/// <summary>Amazon SES, API v2: a letter is a call, several of them side by side. SES signs with DKIM itself, and gives letters a Message-ID of its own.</summary>
internal sealed class SesProvider(IHttpClientFactory clients, SesOptions options, TimeProvider time) : IMailProvider
{
    public const string Client = "mailer-ses";
    private const string Service = "ses";

    public string Name => "ses";
    public int MaxBatch => options.Concurrency;
    public int MaxConcurrency => 4;
    public DomainNeeds Needs => new("include:amazonses.com", SignsItself: true);

    public async Task<IReadOnlyList<SendOutcome>> SendAsync(OutgoingBatch batch, CancellationToken cancellation)
    {
        var outcomes = new SendOutcome[batch.Letters.Count];
        await Parallel.ForAsync(0, outcomes.Length, new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellation },
            async (at, stop) => outcomes[at] = await SendOneAsync(batch, batch.Letters[at], stop));
        return outcomes;
    }

    public IEnumerable<MailEvent?> EventsIn(string body) => SesEvents.In(body);

    public static void Register(IServiceCollection services) => services.AddProviderClient(Client);

    private async Task<SendOutcome> SendOneAsync(OutgoingBatch batch, OutgoingLetter letter, CancellationToken cancellation)
    {
        if (!SmtpMessage.CanCarry(letter.To.Address)) return new SendOutcome.Rejected(letter.Key, AddressIsBad: true, "invalid_address", "");
        var body = BodyOf(batch, letter);
        using var http = clients.CreateClient(Client);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{options.Endpoint}/v2/email/outbound-emails")
        {
            Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new("application/json") } },
        };
        AwsSignature.Sign(request, body.Span, options.AccessKey!, options.SecretKey!, options.Region, Service, time.GetUtcNow());
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(options.Timeout);
        try
        {
            using var response = await http.SendAsync(request, timeout.Token);
            return await SesAnswer.ReadAsync(letter.Key, response, time, timeout.Token);
        }
        catch (Exception e) when (ProviderHttp.CodeOf(e, timeout.Token, cancellation) is { } code)
        {
            return code == ProviderHttp.NotReached ? Away(letter.Key) : new SendOutcome.Unknown(letter.Key, code);
        }
    }

    private static SendOutcome.Deferred Away(string key) => new(key, ProviderHttp.NotReached, "", null) { IsAway = true };

    private ReadOnlyMemory<byte> BodyOf(OutgoingBatch batch, OutgoingLetter letter)
    {
        using var raw = new MemoryStream();
        using (var message = SmtpMessage.Of(batch, letter, time.GetUtcNow())) message.WriteTo(raw);
        var buffer = new ArrayBufferWriter<byte>((int)raw.Length * 3 / 2);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartObject("Content");
        json.WriteStartObject("Raw");
        json.WriteBase64String("Data", raw.GetBuffer().AsSpan(0, (int)raw.Length));
        json.WriteEndObject();
        json.WriteEndObject();
        if (options.ConfigurationSet is { Length: > 0 } set) json.WriteString("ConfigurationSetName", set);
        // They come back with each event.
        json.WriteStartArray("EmailTags");
        foreach (var (name, value) in letter.CustomArgs)
        {
            json.WriteStartObject();
            json.WriteString("Name"u8, name);
            json.WriteString("Value"u8, value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
