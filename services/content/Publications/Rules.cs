using System.ComponentModel.DataAnnotations;

namespace Newsletter.Content.Publications;

/// <summary>Text that ends up in mail headers and titles: no line breaks, no other control characters.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class SingleLineAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext context) => value switch
    {
        string text when text.Any(char.IsControl) => Wrong(context),
        IEnumerable<string> texts when texts.Any(text => text is null || text.Any(char.IsControl)) => Wrong(context),
        _ => ValidationResult.Success,
    };

    private static ValidationResult Wrong(ValidationContext context) =>
        new($"{context.DisplayName} may not contain line breaks or control characters.", [context.MemberName ?? ""]);
}

/// <summary>Each text of a list: at most so many characters.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class EachAtMostAttribute(int length) : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext context) =>
        value is IEnumerable<string> texts && texts.Any(text => text is not { Length: > 0 } || text.Length > length)
            ? new($"Each of {context.DisplayName} needs 1 to {length} characters.", [context.MemberName ?? ""])
            : ValidationResult.Success;
}

/// <summary>An IANA zone name.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class ZoneAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext context) =>
        value is string zone && !(TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) && found.HasIanaId)
            ? new($"{context.DisplayName} is not an IANA time zone, such as Europe/London.", [context.MemberName ?? ""])
            : ValidationResult.Success;
}

/// <summary>An address of e-mail, or nothing.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class MailboxAttribute : ValidationAttribute
{
    private static readonly EmailAddressAttribute Address = new();

    protected override ValidationResult? IsValid(object? value, ValidationContext context) =>
        value is string { Length: > 0 } mailbox && !Address.IsValid(mailbox)
            ? new($"{context.DisplayName} is not an address of e-mail.", [context.MemberName ?? ""])
            : ValidationResult.Success;
}

/// <summary>A bare host name of at least two labels as browsers send it: lower case, ASCII, no dot at its end. Each host has one spelling.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class HostAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext context) =>
        value is string { Length: > 0 } host && !(Uri.CheckHostName(host) == UriHostNameType.Dns && host.Contains('.') && !host.EndsWith('.')
            && host.Length <= DomainProof.LongestHost && host.All(c => char.IsAscii(c) && !char.IsAsciiLetterUpper(c)))
            ? new($"{context.DisplayName} is not a host name, such as news.example.", [context.MemberName ?? ""])
            : ValidationResult.Success;
}

/// <summary>Each text of a list is a slug.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class EachSlugAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext context) =>
        value is IEnumerable<string> slugs && !slugs.All(slug => slug is not null && Slugs.IsSlug(slug))
            ? new($"{context.DisplayName} are named by slugs: lower-case letters, digits and dashes.", [context.MemberName ?? ""])
            : ValidationResult.Success;
}
