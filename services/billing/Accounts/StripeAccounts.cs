using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Billing.Storage;
using Stripe;

namespace Newsletter.Billing.Accounts;

/// <summary>Which account a publication sells through, and the client that speaks for it.</summary>
internal sealed class StripeAccounts(BillingDb db, IHttpClientFactory http, IDataProtectionProvider protection, IOptions<StripeOptions> options)
{
    public const string HttpClientName = "billing-stripe";
    private readonly IDataProtector _protector = protection.CreateProtector("billing.payment-account");

    private StripeOptions Settings => options.Value;

    public Guid InstallationId => PaymentAccount.InstallationId(PaymentAccount.ModeOf(Settings.ApiKey));

    public async Task<PaymentAccount> OfPublicationAsync(Guid publicationId, CancellationToken cancellation) =>
        await db.PaymentAccounts.AsNoTracking().Where(a => a.PublicationId == publicationId && a.Active)
            .OrderByDescending(a => a.CreatedAt).FirstOrDefaultAsync(cancellation)
        ?? await OfInstallationAsync(cancellation);

    public Task<PaymentAccount> OfInstallationAsync(CancellationToken cancellation)
    {
        var id = InstallationId;
        return db.PaymentAccounts.AsNoTracking().SingleAsync(a => a.Id == id, cancellation);
    }

    public Task<PaymentAccount?> FindAsync(Guid id, CancellationToken cancellation) =>
        db.PaymentAccounts.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, cancellation);

    /// <summary>False for the installation's account of the other mode: its rows are history while the settings hold this mode's key.</summary>
    public bool IsReachable(PaymentAccount account) => account.PublicationId is not null || account.Id == InstallationId;

    /// <summary>A publication's account may sell for that publication only, the installation's for all.</summary>
    public static bool Serves(PaymentAccount account, Guid publicationId) => account.PublicationId is null || account.PublicationId == publicationId;

    public StripeClient ClientOf(PaymentAccount account) =>
        ClientOf(account.SecretKey is { } key ? _protector.Unprotect(key) : Settings.ApiKey, account.IsConnected ? account.StripeAccountId : null);

    public StripeClient ClientOf(string secretKey, string? connectedAccount = null) => new(new StripeClientOptions
    {
        ApiKey = secretKey,
        ApiBase = Settings.ApiBase.TrimEnd('/'),
        StripeAccount = connectedAccount,
        HttpClient = new SystemNetHttpClient(http.CreateClient(HttpClientName), maxNetworkRetries: 1, enableTelemetry: false),
    });

    public string WebhookSecretOf(PaymentAccount account) =>
        account.WebhookSecret is { } secret ? _protector.Unprotect(secret) : Settings.WebhookSecret;

    /// <param name="webhookSecret">Null: it stays what it was.</param>
    public void Open(PaymentAccount account, string secretKey, string? webhookSecret) =>
        account.Open(_protector.Protect(secretKey), webhookSecret is null ? null : _protector.Protect(webhookSecret));
}
