using Microsoft.Extensions.Options;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Pace;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Providers;

/// <summary>Makes the class that speaks to a provider, with the installation's credentials or a publication's.</summary>
internal sealed class ProviderFactory(
    IHttpClientFactory clients, IOptions<SendGridOptions> sendGrid, IOptions<SmtpOptions> smtp, IOptions<SesOptions> ses, IOptions<MailOptions> mail, ProviderHealth health,
    AccountVault vault, SendingHolds holds, Allowances allowances, SharedClock clock, TimeProvider time)
{
    public static readonly string[] Names = ["sendgrid", "smtp", "ses"];

    /// <summary>A mail server tells of letters that came back, and is silent about those that arrived: that others' bounces came proves nothing of one that is in doubt.</summary>
    public static bool TellsOfEach(string provider) => provider != "smtp";

    /// <summary>By the settings. Without credentials it cannot send, and still says what its events mean.</summary>
    public IMailProvider OfInstallation(string name) => name switch
    {
        "sendgrid" => new SendGridProvider(clients, sendGrid.Value, time),
        "smtp" => new SmtpProvider(smtp.Value, time),
        "ses" => new SesProvider(clients, ses.Value, time),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such provider."),
    };

    public AccountLimits LimitsOfInstallation(string name) => name switch
    {
        "sendgrid" => new(sendGrid.Value.Rate, sendGrid.Value.WarmUp),
        "smtp" => new(smtp.Value.Rate, smtp.Value.WarmUp, smtp.Value.DomainLimits),
        "ses" => new(ses.Value.Rate, ses.Value.WarmUp),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such provider."),
    };

    public ProviderAccount Open(Guid id, IMailProvider provider, AccountLimits limits, long? version = null)
    {
        ProviderMetrics.Begin(provider.Name);
        PaceMetrics.Begin(provider.Name);
        var domains = limits.Domains is null ? null : new DomainGate(id, limits.Domains, holds, allowances, clock);
        return new(id, version, provider, limits, new(provider.Name, mail.Value.CircuitFailures, mail.Value.CircuitPause, time), health, holds, domains, clock);
    }

    public ProviderAccount Open(MailAccount account) => Open(
        account.Id, vault.Open(account.Secrets) is { } secrets ? Of(account, secrets) : new LockedProvider(account.Provider),
        new(account.Facts.Rate, account.Facts.WarmUp, account.Provider == "smtp" ? smtp.Value.DomainLimits : null), account.Version);

    private IMailProvider Of(MailAccount account, AccountSecrets secrets) => account.Provider switch
    {
        "sendgrid" => new SendGridProvider(clients, sendGrid.Value.With(secrets.ApiKey!), time),
        "smtp" => new SmtpProvider(smtp.Value.With(account.Facts, secrets, isPublicOnly: !mail.Value.PrivateHosts), time),
        "ses" => new SesProvider(clients, ses.Value.With(account.Facts, secrets), time),
        _ => throw new InvalidOperationException($"Account {account.Id} is at a provider that is not known."),
    };
}

/// <summary>An account whose credentials cannot be read any more: its letters wait until they are given again, or go to the fallback.</summary>
internal sealed class LockedProvider(string name) : IMailProvider
{
    public string Name => name;
    public int MaxBatch => 1000;
    public int MaxConcurrency => 1;
    public DomainNeeds Needs => new("", SignsItself: true);

    public Task<IReadOnlyList<SendOutcome>> SendAsync(OutgoingBatch batch, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<SendOutcome>>([.. batch.Letters.Select(l => new SendOutcome.Deferred(l.Key, "credentials", "", null) { IsAway = true })]);

    public IEnumerable<MailEvent?> EventsIn(string body) => [];
}
