using System.ComponentModel.DataAnnotations;
using System.Net;
using DnsClient;
using Microsoft.Extensions.Options;

namespace Newsletter.Content.Publications;

/// <summary>Where names are looked up, section <c>Dns</c>.</summary>
public sealed class DnsOptions : IValidatableObject
{
    /// <summary>Address and port of a name server, such as <c>127.0.0.1:53</c>; none: those of the machine.</summary>
    public string? Server { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Server is not null && !(IPEndPoint.TryParse(Server, out var server) && server.Port > 0))
            yield return new("An address and a port, such as 127.0.0.1:53.", [nameof(Server)]);
    }
}

/// <summary>
/// A host becomes a publication's domain when a TXT record below it names the publication, which only those can write who run the host.
/// The value is no secret: it is good for one publication alone.
/// </summary>
internal sealed class DomainProof(IOptions<DnsOptions> dns)
{
    private const string Label = "_newsletter.";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>So that the record's name is still one: a name has at most 253 characters.</summary>
    public const int LongestHost = 253 - 12;

    public static string RecordOf(string host) => Label + host;

    public static string ValueOf(Guid publication) => $"newsletter-publication={publication}";

    /// <summary>Null where no name server answers.</summary>
    public async Task<bool?> IsGivenAsync(string host, Guid publication, CancellationToken cancellation)
    {
        var options = dns.Value.Server is { } server ? new LookupClientOptions(IPEndPoint.Parse(server)) : new LookupClientOptions();
        // Whoever asks has just written the record.
        options.UseCache = false;
        (options.Timeout, options.Retries) = (Patience, 1);
        try
        {
            var answer = await new LookupClient(options).QueryAsync(RecordOf(host), QueryType.TXT, cancellationToken: cancellation);
            if (answer.HasError && answer.Header.ResponseCode != DnsHeaderResponseCode.NotExistentDomain) return null;
            return answer.Answers.TxtRecords().Any(record => string.Concat(record.Text) == ValueOf(publication));
        }
        catch (DnsResponseException)
        {
            return null;
        }
    }
}
