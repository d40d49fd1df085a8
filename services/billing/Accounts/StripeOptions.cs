using System.ComponentModel.DataAnnotations;

namespace Newsletter.Billing.Accounts;

/// <summary>The installation's Stripe account, section <c>Stripe</c>; publications without an account of their own sell through it.</summary>
internal sealed class StripeOptions
{
    /// <summary>Secret or restricted key: <c>sk_…</c> or <c>rk_…</c>.</summary>
    [Required, RegularExpression("^(sk|rk)_.+", ErrorMessage = "Stripe__ApiKey must start with sk_ or rk_.")]
    public string ApiKey { get; set; } = "";

    /// <summary>Stripe's address, without <c>/v1</c>; the sandbox's ends in <c>/sandbox/stripe</c>.</summary>
    [Required, Url]
    public string ApiBase { get; set; } = "https://api.stripe.com";

    /// <summary>What Stripe signs its webhooks with: <c>whsec_…</c>.</summary>
    [Required, RegularExpression("^whsec_.+", ErrorMessage = "Stripe__WebhookSecret must start with whsec_.")]
    public string WebhookSecret { get; set; } = "";

    /// <summary>The portal's configuration (<c>bpc_…</c>); none: the account's default one.</summary>
    public string? PortalConfiguration { get; set; }

    /// <summary>Seconds until a call that Stripe does not answer is given up.</summary>
    [Range(1, 80)]
    public int TimeoutSeconds { get; set; } = 15;
}
