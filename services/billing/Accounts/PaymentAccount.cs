using Newsletter.Defaults.Audit;

namespace Newsletter.Billing.Accounts;

internal enum PaymentMode { Test, Live }

internal enum PaymentAccountKind { OwnKey, Connect }

/// <summary>
/// One Stripe account in one mode. Every Stripe id that we keep belongs to one, and an event touches only its account's publications.
/// The two without a publication are the installation's: their secrets are settings, and stay out of the database.
/// </summary>
[Audited]
internal sealed class PaymentAccount
{
    private PaymentAccount() { }

    public Guid Id { get; private set; }
    public Guid? PublicationId { get; private set; }
    public PaymentMode Mode { get; private set; }
    public PaymentAccountKind Kind { get; private set; }
    /// <summary>Encrypted; the platform's key for <see cref="PaymentAccountKind.Connect"/>.</summary>
    [Withheld]
    public string? SecretKey { get; private set; }
    /// <summary>Encrypted.</summary>
    [Withheld]
    public string? WebhookSecret { get; private set; }
    /// <summary><c>acct_…</c>; null for the installation's, which is whatever the settings' key opens.</summary>
    public string? StripeAccountId { get; private set; }
    /// <summary>A publication sells through its newest active account; older ones still hear of what they sold.</summary>
    public bool Active { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }

    /// <summary>Test and live ids must never meet, so that the installation's account is two rows.</summary>
    public static PaymentAccount OfInstallation(PaymentMode mode) => new()
    {
        Id = InstallationId(mode),
        Mode = mode,
        Active = true,
        CreatedAt = DateTimeOffset.UnixEpoch,
    };

    public static Guid InstallationId(PaymentMode mode) => mode == PaymentMode.Live
        ? new("00000000-0000-0000-0000-000000000002")
        : new("00000000-0000-0000-0000-000000000001");

    public static PaymentAccount OfPublication(Guid publicationId, PaymentMode mode, string stripeAccountId, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        PublicationId = publicationId,
        Mode = mode,
        Kind = PaymentAccountKind.OwnKey,
        StripeAccountId = stripeAccountId,
        Active = true,
        CreatedAt = now,
    };

    public bool IsConnected => Kind == PaymentAccountKind.Connect;

    /// <summary>The secrets come encrypted.</summary>
    public void Open(string secretKey, string? webhookSecret) => (SecretKey, WebhookSecret, Active) = (secretKey, webhookSecret ?? WebhookSecret, true);

    public void Retire() => Active = false;

    public static PaymentMode ModeOf(string apiKey) => apiKey.Contains("_live_", StringComparison.Ordinal) ? PaymentMode.Live : PaymentMode.Test;
}
