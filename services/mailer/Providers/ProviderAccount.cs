using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Pace;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Providers;

/// <summary>One account at a provider: the installation's, or a publication's own.</summary>
/// <param name="version">Of its row, as it was opened; null: the installation's, which has none.</param>
/// <param name="domains">Where each letter is given to a mail server.</param>
internal sealed class ProviderAccount(
    Guid id, long? version, IMailProvider provider, AccountLimits limits, Circuit circuit, ProviderHealth health, SendingHolds holds, DomainGate? domains, SharedClock clock) : IDisposable
{
    public Guid Id => id;
    /// <summary>And no publication's own.</summary>
    public bool IsInstallations => InstallationAccounts.IsOne(id);
    public IMailProvider Provider => provider;
    public AccountLimits Limits => limits;
    public Circuit Circuit => circuit;
    public DomainGate? Domains => domains;
    public string Name => provider.Name;

    /// <summary>Whether it still is as it was opened; if so, nobody changes it before the transaction ends.</summary>
    public async Task<bool> IsUnchangedAsync(MailerDb db, CancellationToken cancellation) => version is not { } opened
        || await db.MailAccounts.Where(a => a.Id == id && a.Version == opened).ExecuteUpdateAsync(s => s.SetProperty(a => a.Version, opened), cancellation) == 1;

    /// <summary>While it asked us to wait it is not called.</summary>
    public async Task<IReadOnlyList<SendOutcome>> SendAsync(OutgoingBatch letters, CancellationToken cancellation)
    {
        if (holds.Until(id) is { } until) return [.. letters.Letters.Select(l => new SendOutcome.Deferred(l.Key, "held", "", until - clock.Now))];
        var watch = Stopwatch.StartNew();
        var outcomes = await provider.SendAsync(letters, cancellation);
        health.Called(provider.Name, outcomes, watch.Elapsed);
        circuit.Told(outcomes);
        await LearnAsync(letters, outcomes);
        return outcomes;
    }

    public void Dispose()
    {
        circuit.Dispose();
        (provider as IDisposable)?.Dispose();
    }

    private async Task LearnAsync(OutgoingBatch letters, IReadOnlyList<SendOutcome> outcomes)
    {
        if (outcomes.OfType<SendOutcome.Deferred>().FirstOrDefault(d => d.Holds == HoldScope.Account) is { } all)
        {
            var asked = outcomes.OfType<SendOutcome.Deferred>().Where(d => d.Holds == HoldScope.Account).Max(d => d.RetryAfter);
            await holds.HoldAsync(id, provider.Name, SendingHold.All, all.HoldReason, asked);
        }
        foreach (var one in outcomes.OfType<SendOutcome.Deferred>().Where(d => d.Holds == HoldScope.Domain))
            await holds.HoldAsync(id, provider.Name, MailboxProviders.GroupOf(letters.Letters.First(l => l.Key == one.Key).To.Address), one.HoldReason, one.RetryAfter);
    }
}

/// <summary>Where a publication's letters leave.</summary>
internal sealed record ProviderRoute(ProviderAccount First, ProviderAccount? Fallback)
{
    /// <summary>The first one, unless it is away and the fallback is not. Asked once for each batch: of an open circuit, the answer may be its probe.</summary>
    public ProviderAccount Choose() => Fallback is null || First.Circuit.Lets() || !Fallback.Circuit.Lets() ? First : Fallback;

    /// <summary>For a batch that somebody may have already, nobody else.</summary>
    public ProviderAccount Choose(Guid? stayWith) => stayWith is null ? Choose() : Fallback?.Id == stayWith ? Fallback : First;
}
