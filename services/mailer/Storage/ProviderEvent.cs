namespace Newsletter.Mailer.Storage;

/// <summary>An event that was counted; the provider repeats them (46 times has been seen). Kept for 7 days.</summary>
public sealed class ProviderEvent
{
    /// <summary>The provider's event id.</summary>
    public string Id { get; set; } = "";
    public DateTimeOffset ReceivedAt { get; set; }
}

/// <summary>A signed webhook call, or a mail from the bounces' mailbox, as it came, until it is ingested: addresses are in it, so it is wiped then.</summary>
public sealed class WebhookCall
{
    public Guid Id { get; set; }
    /// <summary>The provider's word; it says what the body means.</summary>
    public string Provider { get; set; } = "sendgrid";
    /// <summary>The id of a publication's account, or a name from the settings. Empty: the default account of the settings.</summary>
    public string Account { get; set; } = "";
    /// <summary>Of SMTP a raw mail, in base64: it may be in any charset.</summary>
    public string Body { get; set; } = "";
    public DateTimeOffset ReceivedAt { get; set; }
    public DateTimeOffset DueAt { get; set; }
    public int Attempts { get; set; }
    public Guid? LeaseId { get; set; }
    public DateTimeOffset? LeaseUntil { get; set; }
    public string? Error { get; set; }
}
