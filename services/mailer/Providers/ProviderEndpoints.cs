using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Pace;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Storage;
using NodaTime;

namespace Newsletter.Mailer.Providers;

internal static class ProviderEndpoints
{
    public static RouteGroupBuilder MapProviders(this RouteGroupBuilder operations)
    {
        operations.MapGet("/providers", ListAsync).ForStaff(Permission.Operate);
        return operations;
    }

    /// <summary>Calls and circuits as this process has seen them: of several mailers each has its own view, and the metrics all of them. Pace is everybody's.</summary>
    private static async Task<IReadOnlyList<ProviderView>> ListAsync(
        PublicationMails mails, ProviderHealth health, MailerDb db, SendingHolds holds, WarmUps warmUps, SharedClock clock, CancellationToken cancellation)
    {
        await holds.RefreshAsync(db, cancellation);
        List<ProviderView> views = [];
        foreach (var accounts in mails.Open.GroupBy(account => account.Name))
        {
            var own = accounts.FirstOrDefault(mails.IsInstallations);
            views.Add(health.Of(accounts.Key) with
            {
                Role = accounts.Key == mails.Installation.First.Name ? "first" : accounts.Key == mails.Installation.Fallback?.Name ? "fallback" : null,
                Circuit = own?.Circuit.State,
                Accounts = accounts.Count(),
                Away = accounts.Count(account => account.Circuit.State != CircuitState.Closed),
                Held = accounts.Count(account => holds.Until(account.Id) is not null),
                Pace = own is null ? null : await AccountPace.OfAsync(db, warmUps, own, DateTimeZone.Utc, await clock.NowAsync(cancellation), cancellation),
            });
        }
        return views;
    }
}
