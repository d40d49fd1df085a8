using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Senders;

namespace Newsletter.Mailer.Providers;

internal static class ProviderEndpoints
{
    public static void MapProviders(this RouteGroupBuilder operations) => operations.MapGet("/providers", List).ForStaff(Permission.Operate);

    /// <summary>As this process has seen it; of several mailers each has its own view, and the metrics all of them.</summary>
    private static IReadOnlyList<ProviderView> List(PublicationMails mails, ProviderHealth health) =>
        [.. mails.Open.GroupBy(account => account.Name).Select(accounts => health.Of(accounts.Key) with
        {
            Role = accounts.Key == mails.Installation.First.Name ? "first" : accounts.Key == mails.Installation.Fallback?.Name ? "fallback" : null,
            Circuit = accounts.FirstOrDefault(mails.IsInstallations)?.Circuit.State,
            Accounts = accounts.Count(),
            Away = accounts.Count(account => account.Circuit.State != CircuitState.Closed),
        })];
}
