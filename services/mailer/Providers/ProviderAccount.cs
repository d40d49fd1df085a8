using System.Diagnostics;

namespace Newsletter.Mailer.Providers;

/// <summary>One account at a provider: the installation's, or a publication's own.</summary>
internal sealed class ProviderAccount(Guid id, IMailProvider provider, Circuit circuit, ProviderHealth health) : IDisposable
{
    public Guid Id => id;
    public IMailProvider Provider => provider;
    public Circuit Circuit => circuit;
    public string Name => provider.Name;

    public async Task<IReadOnlyList<SendOutcome>> SendAsync(OutgoingBatch letters, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var outcomes = await provider.SendAsync(letters, cancellation);
        health.Called(provider.Name, outcomes, watch.Elapsed);
        circuit.Told(outcomes);
        return outcomes;
    }

    public void Dispose()
    {
        circuit.Dispose();
        (provider as IDisposable)?.Dispose();
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
