using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using NodaTime;

namespace Newsletter.Subscriber.Addresses;

/// <summary>What people may tell us about themselves, the same for forms, the API and imports. What is printed in a mail's header holds no control character.</summary>
internal static partial class Rules
{
    public const int MaxName = 100;
    public const int MaxTopics = 50;

    public static bool IsName(string? name) => name is null || name.Length <= MaxName && !name.Any(IsUnprintable);

    /// <summary>Empty is none.</summary>
    public static string? CleanName(string? name) => string.IsNullOrWhiteSpace(name) ? null : name.Trim();

    public static bool IsTimeZone(string? zone) => zone is null || DateTimeZoneProviders.Tzdb.Ids.Contains(zone);

    public static bool AreSlugs(IReadOnlyCollection<string>? slugs) => slugs is null || slugs.Count <= MaxTopics && slugs.All(s => s is { Length: <= 64 } && Slug().IsMatch(s));

    public static bool IsSource(string? source) => source is null || SourceWord().IsMatch(source);

    /// <summary>Control characters, line separators, and what turns the direction of text around.</summary>
    private static bool IsUnprintable(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    [GeneratedRegex(@"\A[a-z0-9]+(-[a-z0-9]+)*\z")]
    private static partial Regex Slug();

    [GeneratedRegex(@"\A[A-Za-z0-9 _./:-]{1,64}\z")]
    private static partial Regex SourceWord();
}

public sealed class MailAddressAttribute() : ValidationAttribute("This does not look like a complete address, such as name@example.com.")
{
    public override bool IsValid(object? value) => value is null || EmailAddress.TryParse(value as string, out _);
}

public sealed class PersonNameAttribute() : ValidationAttribute("A name has at most 100 characters, and none that does not print.")
{
    public override bool IsValid(object? value) => Rules.IsName(value as string);
}

public sealed class TimeZoneNameAttribute() : ValidationAttribute("This is not an IANA time zone, such as Europe/Vienna.")
{
    public override bool IsValid(object? value) => Rules.IsTimeZone(value as string);
}

public sealed class SlugsAttribute() : ValidationAttribute("At most 50 slugs, each of lower-case letters, digits and single hyphens.")
{
    public override bool IsValid(object? value) => Rules.AreSlugs(value as IReadOnlyCollection<string>);
}

public sealed class SourceWordAttribute() : ValidationAttribute("A source is at most 64 letters, digits, spaces and _./:-")
{
    public override bool IsValid(object? value) => Rules.IsSource(value as string);
}
