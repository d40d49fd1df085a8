namespace Newsletter.Console.Api;

public sealed record Sender(string? Newsletter, string Name, string Address, string? ReplyTo, string Domain, bool Verified);

/// <param name="Role"><c>first</c> or <c>fallback</c>.</param>
public sealed record MailAccount(string Role, bool Own, string Provider, string Circuit, string? Hint, string? Webhook, MailAccountFacts? Facts)
{
    public AccountPace? Pace { get; init; }
    /// <summary>The publication's letters a second, where operators set that.</summary>
    public double? PublicationRate { get; init; }
}

public sealed record MailAccountFacts(
    string? WebhookKey, string? Host, int? Port, string? Username, string? Security, string? Spf, string? DkimDomain, string? DkimSelector, string? AccessKey, string? Region,
    string? ConfigurationSet, string? Topic, double? Rate = null, WarmUpPlan? WarmUp = null);

public sealed record WarmUpPlan(int First, double Growth, int? Most, int? Days);

public sealed record AccountPace(double? Rate, WarmUpState? WarmUp, DateTimeOffset? HeldUntil, string? HeldReason, IReadOnlyList<HeldDomain> Domains);

/// <param name="Cap">Null: the plan is over.</param>
public sealed record WarmUpState(int Day, int? Cap, int Sent, DateTimeOffset NextAt);

public sealed record HeldDomain(string Domain, DateTimeOffset Until, string Reason);

public sealed record PublicationRate(string Publication, double Rate);

public sealed record SenderDomain(
    string Domain, bool Verified, IReadOnlyList<string> VerifiedFor, DateTimeOffset? CheckedAt, DateTimeOffset? FailingSince, IReadOnlyDictionary<string, string> Selectors,
    string? ReturnPath, IReadOnlyList<DnsRecord> Records);

/// <param name="State"><c>found</c>, <c>missing</c>, <c>wrong</c>, or <c>unknown</c> where no name server answered.</param>
public sealed record DnsRecord(string Purpose, string? Provider, string Type, string Name, string? Value, string State, IReadOnlyList<string> Found);
