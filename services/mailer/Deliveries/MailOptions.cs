using System.ComponentModel.DataAnnotations;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Sending, section <c>Mail</c>.</summary>
internal sealed class MailOptions
{
    /// <summary>
    /// <c>sendgrid</c>, <c>smtp</c> or <c>ses</c>; without it, the first of them that is configured (<c>SendGrid__ApiKey</c>, <c>Smtp__Host</c>, <c>Ses__AccessKey</c>).
    /// </summary>
    public string? Provider { get; set; }

    /// <summary>Another of them, which takes what is queued while the first is away.</summary>
    public string? Fallback { get; set; }

    /// <summary>So many calls in a row that a provider did not take open its circuit.</summary>
    [Range(1, 100)]
    public int CircuitFailures { get; set; } = 5;

    /// <summary>How long a provider that is away is left alone before it is tried with one batch; twice as long after each try, up to 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan CircuitPause { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Batches of publications' own accounts that a process sends side by side; each account always has one.</summary>
    [Range(1, 256)]
    public int OwnAccounts { get; set; } = 32;

    /// <summary>Lets publications name mail servers with addresses of our own network.</summary>
    public bool PrivateHosts { get; set; }

    /// <summary>Domain of the default senders, <c>{publication}@{domain}</c>; without it, the host of <c>Newsletter__Url</c>.</summary>
    public string? Domain { get; set; }

    /// <summary>How long a worker's claim on a batch lasts when it is not heard of any more.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Who got which letter, and what became of it, is kept for so long, and then until its month is over; editions keep their totals. Without it, for good.</summary>
    [Range(30, 36_500)]
    public int? KeepLedgerDays { get; set; }

    /// <summary>So many letters of an edition must have been taken, or come back, before it may be paused because of complaints or bounces.</summary>
    [Range(1, 1_000_000)]
    public int PauseFrom { get; set; } = 100;

    /// <summary>Share of complaints that pauses an edition.</summary>
    [Range(0.0001, 1)]
    public double PauseComplaints { get; set; } = 0.003;

    /// <summary>So many complaints there must be: in a small edition one or two readers are a share that says nothing.</summary>
    [Range(1, 1_000)]
    public int PauseComplaintsFrom { get; set; } = 3;

    /// <summary>Share of bounces that pauses an edition.</summary>
    [Range(0.0001, 1)]
    public double PauseBounces { get; set; } = 0.05;

    /// <summary>How long an uncertain batch waits for the provider's events before it may be sent again.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan UncertainGrace { get; set; } = TimeSpan.FromMinutes(15);
}
