using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Pace;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Webhooks;

namespace Newsletter.Mailer.Senders;

/// <summary>A publication's own accounts at mail providers. Credentials go in and never come out again.</summary>
internal static class MailAccountEndpoints
{
    public static void MapMailAccounts(this RouteGroupBuilder api)
    {
        api.MapGet("/senders/accounts", ListAsync).ForStaff(Permission.SendersWrite);
        api.MapPut("/senders/accounts/{role}", PutAsync).ForStaff(Permission.SendersWrite).AgainWhenOvertaken();
        api.MapDelete("/senders/accounts/{role}", DeleteAsync).ForStaff(Permission.SendersWrite).AgainWhenOvertaken();
    }

    /// <summary>Where letters leave now: the publication's own accounts, and the installation's where it has none.</summary>
    private static async Task<Ok<ListPage<MailAccountView>>> ListAsync(
        CurrentPublication publication, MailerDb db, PublicationMails mails, WarmUps warmUps, IOptions<NewsletterOptions> newsletter, SharedClock clock, CancellationToken cancellation)
    {
        mails.Forget(publication.Id);
        var mail = await mails.OfAsync(publication.Id, cancellation);
        var own = await db.MailAccounts.AsNoTracking().Where(a => a.PublicationId == publication.Id && a.RetiredAt == null).ToDictionaryAsync(a => a.Id, cancellation);
        List<MailAccountView> views = [await ViewOfAsync(MailAccountRole.First, mail.Route.First)];
        if (mail.Route.Fallback is { } fallback) views.Add(await ViewOfAsync(MailAccountRole.Fallback, fallback));
        return TypedResults.Ok(new ListPage<MailAccountView>(views, null));

        async Task<MailAccountView> ViewOfAsync(MailAccountRole role, ProviderAccount account)
        {
            var pace = await AccountPace.OfAsync(db, warmUps, account, mail.ZoneOf(account), await clock.NowAsync(cancellation), cancellation);
            return MailAccountView.Of(role, account.Name, account.Circuit.State, own.GetValueOrDefault(account.Id), newsletter.Value.Url) with { Pace = pace, PublicationRate = mail.Rate };
        }
    }

    private static async Task<Results<Ok<MailAccountView>, ValidationProblem, ProblemHttpResult>> PutAsync(
        string role, MailAccountRequest request, CurrentPublication publication, MailerDb db, AccountVault vault, PublicationMails mails, DomainWorker worker, IOptions<MailOptions> mail,
        IOptions<NewsletterOptions> newsletter, SharedClock clock, TimeProvider time, CancellationToken cancellation)
    {
        if (RoleOf(role) is not { } place) return Problem.NotFound("An account is the first or the fallback.");
        var provider = request.Provider.ToLowerInvariant();
        var current = await CurrentAsync(db, publication.Id, place, cancellation);
        var facts = request.Facts(provider);
        var secrets = request.Secrets(provider);
        // What was not given again stays, unless it would be told to another server.
        if (current?.Provider == provider && IsSamePlace(current.Facts, facts) && vault.Open(current.Secrets) is { } known)
            secrets = new() { ApiKey = secrets.ApiKey ?? known.ApiKey, Password = secrets.Password ?? known.Password, SecretKey = secrets.SecretKey ?? known.SecretKey, DkimPrivateKey = secrets.DkimPrivateKey ?? (facts.DkimDomain is null ? null : known.DkimPrivateKey) };
        if (MailAccountRules.FaultOf(provider, facts, secrets, mail.Value.PrivateHosts) is var (field, message)) return Problem.Field(field, message);

        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var account = current?.Provider == provider ? current : null;
        if (account is null)
        {
            current?.Retire(time);
            // One place, one account: the old one leaves it first.
            await db.SaveChangesAsync(cancellation);
            db.Add(account = MailAccount.Of(publication.Id, place, provider, time));
        }
        account.Open(facts, vault.Lock(secrets), MailAccountRules.HintOf(facts, secrets), time);
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            return Problem.Conflict("Somebody else is changing this account.");
        }
        if (facts.WarmUp is null) await WarmUps.ForgetAsync(db, account.Id, cancellation);
        await transaction.CommitAsync(cancellation);
        await LookAgainAsync(db, publication.Id, mails, worker, clock, time, cancellation);
        return TypedResults.Ok(MailAccountView.Of(place, provider, CircuitState.Closed, account, newsletter.Value.Url));
    }

    /// <summary>Letters leave through the installation's again.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string role, CurrentPublication publication, MailerDb db, PublicationMails mails, DomainWorker worker, SharedClock clock, TimeProvider time, CancellationToken cancellation)
    {
        if (RoleOf(role) is not { } place || await CurrentAsync(db, publication.Id, place, cancellation) is not { } account) return Problem.NotFound("There is no such account.");
        account.Retire(time);
        await db.SaveChangesAsync(cancellation);
        await LookAgainAsync(db, publication.Id, mails, worker, clock, time, cancellation);
        return TypedResults.NoContent();
    }

    /// <summary>Another provider's letters need other records.</summary>
    private static async Task LookAgainAsync(MailerDb db, Guid publication, PublicationMails mails, DomainWorker worker, SharedClock clock, TimeProvider time, CancellationToken cancellation)
    {
        // What is due again is sent as the account is now.
        mails.Forget(publication);
        var now = time.GetUtcNow();
        await db.SenderDomains.Where(d => d.PublicationId == publication).ExecuteUpdateAsync(s => s.SetProperty(d => d.NextCheckAt, now), cancellation);
        await EditionHolds.LookAgainAsync(db, publication, await clock.NowAsync(cancellation), cancellation);
        worker.Wake();
    }

    private static Task<MailAccount?> CurrentAsync(MailerDb db, Guid publication, MailAccountRole role, CancellationToken cancellation) =>
        db.MailAccounts.SingleOrDefaultAsync(a => a.PublicationId == publication && a.Role == role && a.RetiredAt == null, cancellation);

    private static bool IsSamePlace(AccountFacts a, AccountFacts b) => (a.Host, a.Port, a.Username, a.AccessKey) == (b.Host, b.Port, b.Username, b.AccessKey);

    private static MailAccountRole? RoleOf(string role) => role switch { "first" => MailAccountRole.First, "fallback" => MailAccountRole.Fallback, _ => null };
}

/// <param name="Own">False: the installation's, of which no more is told.</param>
/// <param name="Circuit">Whether it is there, as this process has seen it.</param>
/// <param name="Hint">The last characters of its key or password.</param>
/// <param name="Webhook">Where its events go.</param>
internal sealed record MailAccountView(string Role, bool Own, string Provider, CircuitState Circuit, string? Hint, string? Webhook, AccountFacts? Facts)
{
    public AccountPace? Pace { get; init; }
    /// <summary>Letters of editions a second, whatever account they leave through, where operators set that.</summary>
    public double? PublicationRate { get; init; }

    public static MailAccountView Of(MailAccountRole role, string provider, CircuitState circuit, MailAccount? own, string url) => new(
        role.ToString().ToLowerInvariant(), own is not null, provider, circuit, own?.Hint,
        own is { Provider: "sendgrid" or "ses" } ? $"{url.TrimEnd('/')}/webhooks/{own.Provider}/{WebhookAccounts.SegmentOf(own.Id)}" : null, own?.Facts);
}
