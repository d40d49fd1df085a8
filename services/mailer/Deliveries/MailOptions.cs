using System.ComponentModel.DataAnnotations;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Sending, section <c>Mail</c>.</summary>
internal sealed class MailOptions
{
    /// <summary><c>sendgrid</c> or <c>smtp</c>; without it, the one that is configured (<c>SendGrid__ApiKey</c>, <c>Smtp__Host</c>).</summary>
    public string? Provider { get; set; }

    /// <summary>Domain of the default senders, <c>{publication}@{domain}</c>; without it, the host of <c>Newsletter__Url</c>.</summary>
    public string? Domain { get; set; }

    /// <summary>How long a worker's claim on a batch lasts when it is not heard of any more.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long an uncertain batch waits for the provider's events before it may be sent again.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan UncertainGrace { get; set; } = TimeSpan.FromMinutes(15);
}
