using System.ComponentModel.DataAnnotations;

namespace Newsletter.Billing.Grants;

/// <summary>How long access lasts, section <c>Billing</c>.</summary>
internal sealed class GrantOptions
{
    /// <summary>Days that a renewing subscription's access outlasts its period, so that a late webhook locks nobody out.</summary>
    [Range(0, 30)]
    public int SlackDays { get; set; } = 3;

    /// <summary>Days of access after a renewal that could not be charged; Stripe tries again for up to two weeks.</summary>
    [Range(0, 60)]
    public int PastDueDays { get; set; } = 14;
}
