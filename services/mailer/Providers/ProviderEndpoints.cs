using Newsletter.Defaults.Identity;

namespace Newsletter.Mailer.Providers;

internal static class ProviderEndpoints
{
    public static void MapProviders(this RouteGroupBuilder operations) => operations.MapGet("/providers", List).ForStaff(Permission.Operate);

    /// <summary>As this process has seen it; of several mailers each has its own view, and the metrics all of them.</summary>
    private static IReadOnlyList<ProviderView> List(IMailProvider provider, ProviderHealth health) => [health.Of(provider.Name)];
}
