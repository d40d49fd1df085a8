namespace Newsletter.Mailer.Storage;

/// <summary>
/// Where one letter to one reader stands. Every recipient of an edition is in exactly one of these, so their sum is the edition's recipients at every moment.
/// The numbers are stored and ordered: a fact with a higher number wins over a lower one, whatever the order they arrive in.
/// Complained, opened and clicked are facts beside the state.
/// </summary>
public enum DeliveryState : short
{
    /// <summary>Waits for its batch.</summary>
    Queued = 0,
    /// <summary>Committed before the provider is called.</summary>
    Sending = 1,
    /// <summary>The provider was called and the answer is lost: a provider event settles it, or staff.</summary>
    Uncertain = 2,
    Accepted = 3,
    /// <summary>Refused for good by the provider, or not delivered by the edition's deadline.</summary>
    Failed = 4,
    Delivered = 5,
    Bounced = 6,
    /// <summary>The reader left, or lost access, between fan-out and send. Never sent.</summary>
    Skipped = 10,
    /// <summary>The address does not take our mail. Never sent.</summary>
    Suppressed = 11,
    /// <summary>Staff stopped the edition, or the post was unpublished. Never sent.</summary>
    Cancelled = 12,
}
