using System.ComponentModel.DataAnnotations;
using System.Net;
using DnsClient;
using Microsoft.Extensions.Options;

namespace Newsletter.Mailer.Senders;

/// <summary>Where names are looked up, section <c>Dns</c>.</summary>
internal sealed class DnsOptions : IValidatableObject
{
    /// <summary>Address and port of a name server, such as <c>127.0.0.1:53</c>; none: those of the machine.</summary>
    public string? Server { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Server is not null && !(IPEndPoint.TryParse(Server, out var server) && server.Port > 0))
            yield return new("An address and a port, such as 127.0.0.1:53.", [nameof(Server)]);
    }
}

/// <summary>What DNS says now, past our own memory of it: whoever asks has just written the record.</summary>
internal sealed class DomainDns(IOptions<DnsOptions> dns)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly LookupClient _client = new(OptionsOf(dns.Value));

    /// <summary>The texts at a name, their parts put together; none where there is no such name. Null where no name server answers.</summary>
    public Task<IReadOnlyList<string>?> TextsAsync(string name, CancellationToken cancellation) =>
        AskAsync(name, QueryType.TXT, answer => [.. answer.Answers.TxtRecords().Select(r => string.Concat(r.Text))], cancellation);

    /// <summary>The hosts that take mail for a name, as for <see cref="TextsAsync"/>. RFC 7505's single dot says that none does.</summary>
    public Task<IReadOnlyList<string>?> MailHostsAsync(string name, CancellationToken cancellation) =>
        AskAsync(name, QueryType.MX, answer => [.. answer.Answers.MxRecords().OrderBy(r => r.Preference).Select(r => r.Exchange.Value.TrimEnd('.')).Where(host => host.Length > 0)], cancellation);

    private async Task<IReadOnlyList<string>?> AskAsync(string name, QueryType type, Func<IDnsQueryResponse, IReadOnlyList<string>> read, CancellationToken cancellation)
    {
        try
        {
            var answer = await _client.QueryAsync(name, type, cancellationToken: cancellation);
            return answer.HasError && answer.Header.ResponseCode != DnsHeaderResponseCode.NotExistentDomain ? null : read(answer);
        }
        catch (DnsResponseException)
        {
            return null;
        }
    }

    private static LookupClientOptions OptionsOf(DnsOptions dns)
    {
        var options = dns.Server is { } server ? new LookupClientOptions(IPEndPoint.Parse(server)) : new LookupClientOptions();
        (options.UseCache, options.Timeout, options.Retries) = (false, Patience, 1);
        return options;
    }
}
