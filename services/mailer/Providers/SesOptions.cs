using System.ComponentModel.DataAnnotations;
using Newsletter.Mailer.Pace;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Providers;

/// <summary>Amazon SES, section <c>Ses</c>.</summary>
internal sealed class SesOptions : IValidatableObject
{
    public const string RegionPattern = "^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$";
    public const string TopicPattern = "^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$";

    public string? AccessKey { get; set; }

    public string? SecretKey { get; set; }

    [RegularExpression(RegionPattern, ErrorMessage = "Such as eu-central-1.")]
    public string Region { get; set; } = "us-east-1";

    /// <summary>Where the API is; without it, the region's own.</summary>
    [Url]
    public string? ApiBase { get; set; }

    /// <summary>Where SNS's certificates and confirmations are fetched; without it, where its messages say, which is SNS in any case.</summary>
    [Url]
    public string? SnsBase { get; set; }

    /// <summary>The configuration set whose events go to the topic.</summary>
    public string? ConfigurationSet { get; set; }

    /// <summary>The SNS topic whose messages are taken; without it, none are.</summary>
    [RegularExpression(TopicPattern, ErrorMessage = "The ARN of an SNS topic.")]
    public string? Topic { get; set; }

    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Calls in flight side by side, of one letter each, for every batch that is being sent.</summary>
    [Range(1, 100)]
    public int Concurrency { get; set; } = 10;

    /// <summary>Letters a second, by all processes together; without it, as fast as it takes them.</summary>
    [Range(AccountLimits.LeastRate, AccountLimits.MostRate)]
    public double? Rate { get; set; }

    public WarmUpPlan? WarmUp { get; set; }

    public string Endpoint => (string.IsNullOrEmpty(ApiBase) ? $"https://email.{Region}.amazonaws.com" : ApiBase).TrimEnd('/');

    /// <summary>The same service by another account's keys.</summary>
    public SesOptions With(AccountFacts facts, AccountSecrets secrets) => new()
    {
        AccessKey = facts.AccessKey,
        SecretKey = secrets.SecretKey,
        Region = facts.Region!,
        ApiBase = ApiBase,
        ConfigurationSet = facts.ConfigurationSet,
        Timeout = Timeout,
        Concurrency = Concurrency,
    };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (AccessKey is { Length: > 0 } && string.IsNullOrEmpty(SecretKey)) yield return new("Ses__SecretKey is missing.");
        foreach (var fault in WarmUp?.Faults(nameof(WarmUp)) ?? []) yield return fault;
    }
}
