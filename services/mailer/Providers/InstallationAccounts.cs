namespace Newsletter.Mailer.Providers;

/// <summary>The accounts that the settings name, for all publications without one of their own.</summary>
internal sealed class InstallationAccounts(ProviderFactory factory, ProviderNames names) : IDisposable
{
    public ProviderRoute Route { get; } = new(Open(factory, names.First), names.Fallback is { } fallback ? Open(factory, fallback) : null);

    /// <summary>The same in every process and at every start.</summary>
    public static Guid IdOf(string provider) => new(1 + Array.IndexOf(ProviderFactory.Names, provider), 0, 0, new byte[8]);

    public static bool IsOne(Guid account) => Array.Exists(ProviderFactory.Names, name => IdOf(name) == account);

    public void Dispose()
    {
        Route.First.Dispose();
        Route.Fallback?.Dispose();
    }

    private static ProviderAccount Open(ProviderFactory factory, string name) => factory.Open(IdOf(name), factory.OfInstallation(name), factory.LimitsOfInstallation(name));
}

/// <summary>Which providers <c>Mail__Provider</c> and <c>Mail__Fallback</c> name.</summary>
internal sealed record ProviderNames(string First, string? Fallback);
