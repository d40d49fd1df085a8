using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Newsletter.Defaults.Hosting;

/// <summary>Binds a section and checks it by its annotations; what is wrong is named as one sets it in the environment: <c>Section__Property</c>.</summary>
internal sealed partial class SettingsCheck<T>(string section, IConfiguration configuration) : IConfigureOptions<T>, IValidateOptions<T> where T : class
{
    // The annotations are the type's, and [Range] of a TimeSpan reads its bounds when it is first asked: two hosts that start at once in a process fall over each other.
    private static readonly Lock s_annotations = new();

    public void Configure(T options)
    {
        try
        {
            configuration.GetSection(section).Bind(options);
        }
        catch (InvalidOperationException e) when (ConversionError().Match(e.Message) is { Success: true } error)
        {
            // Without the value, which may be a secret.
            throw new SettingException(InEnvironment(error.Groups["path"].Value), $"is not a {error.Groups["type"].Value.Split('.')[^1]}.");
        }
    }

    public ValidateOptionsResult Validate(string? name, T options)
    {
        List<ValidationResult> failures = [];
        bool isValid;
        lock (s_annotations) isValid = Validator.TryValidateObject(options, new ValidationContext(options), failures, validateAllProperties: true);
        return isValid
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(failures.SelectMany(f => f.MemberNames.DefaultIfEmpty("").Select(member => Line(member, f.ErrorMessage))));
    }

    private string Line(string member, string? problem) =>
        new SettingException(InEnvironment(member.Length == 0 ? section : $"{section}:{member}"), problem ?? "is not valid.").Message;

    private static string InEnvironment(string path) => path.Replace(":", "__", StringComparison.Ordinal);

    [GeneratedRegex(" at '(?<path>[^']+)' to type '(?<type>[^']+)'", RegexOptions.RightToLeft)]
    private static partial Regex ConversionError();
}
