using System.Text;
using System.Text.RegularExpressions;

namespace Newsletter.Sandbox.Mail;

/// <summary>One entry of SendGrid's <c>errors</c>.</summary>
internal sealed record MailError(string Message, string? Field, string? Help = null);

/// <summary>What SendGrid refuses, by its documented limits.</summary>
internal static partial class MailRules
{
    private const int MaxRecipients = 1000;
    private const int MaxBytes = 10_000;

    private static readonly HashSet<string> Reserved = new(
        ["x-sg-id", "x-sg-eid", "received", "dkim-signature", "Content-Type", "Content-Transfer-Encoding", "To", "From", "Subject", "Reply-To", "CC", "BCC"],
        StringComparer.OrdinalIgnoreCase);

    public static List<MailError> Check(MailRequest mail, long now)
    {
        var errors = new List<MailError>();
        if (HasNulls(mail.Personalizations) || HasNulls(mail.Content) || HasNulls(mail.Categories) || HasNulls(mail.ReplyToList)
            || (mail.Personalizations?.Any(one => HasNulls(one.To) || HasNulls(one.Cc) || HasNulls(one.Bcc)) ?? false))
        {
            errors.Add(new("Arrays must not contain null.", null));
            return errors;
        }

        Person(errors, mail.From, "from");
        foreach (var (reply, i) in (mail.ReplyToList ?? []).Select((reply, i) => (reply, i)))
        {
            Person(errors, reply, $"reply_to_list.{i}");
        }

        if (mail.ReplyTo is not null)
        {
            Person(errors, mail.ReplyTo, "reply_to");
        }

        if (mail.TemplateId is not null)
        {
            errors.Add(new("The sandbox keeps no templates.", "template_id"));
        }

        Contents(errors, mail);
        Headers(errors, mail.Headers, "headers");
        When(errors, mail.SendAt, now, "send_at");
        if (mail.Categories is { } categories && (categories.Count > 10 || categories.Any(name => name.Length > 255) || categories.Distinct().Count() < categories.Count))
        {
            errors.Add(new("The categories may be at most 10, each once and of at most 255 characters.", "categories"));
        }

        Personalizations(errors, mail, now);
        return errors;
    }

    private static void Personalizations(List<MailError> errors, MailRequest mail, long now)
    {
        if (mail.Personalizations is not { Count: > 0 } personalizations)
        {
            errors.Add(new("The personalizations field is required and must have at least one personalization.", "personalizations"));
            return;
        }

        if (personalizations.Count > MaxRecipients || personalizations.Sum(one => one.Recipients.Count()) > MaxRecipients)
        {
            errors.Add(new($"There are more than {MaxRecipients} personalizations or recipients in one call.", "personalizations"));
            return;
        }

        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (one, i) in personalizations.Select((one, i) => (one, i)))
        {
            var at = $"personalizations.{i}";
            if (one.To is not { Count: > 0 })
            {
                errors.Add(new("The to array is required for all personalization objects, and must have at least one email object with a valid email address.", $"{at}.to"));
            }

            foreach (var person in one.Recipients)
            {
                Person(errors, person, $"{at}.to");
                if (person.Email is { } email && !seen.Add(email))
                {
                    errors.Add(new("Each email address should be unique between to, cc, and bcc.", $"{at}.to"));
                }
            }

            if (string.IsNullOrEmpty(mail.Subject) && string.IsNullOrEmpty(one.Subject))
            {
                errors.Add(new("The subject is required. You can get around this requirement if every personalization has a subject defined.", "subject"));
            }

            Size(errors, one.Substitutions, $"{at}.substitutions");
            Size(errors, Merge(mail.CustomArgs, one.CustomArgs), $"{at}.custom_args");
            Headers(errors, one.Headers, $"{at}.headers");
            When(errors, one.SendAt, now, $"{at}.send_at");
        }
    }

    private static void Contents(List<MailError> errors, MailRequest mail)
    {
        if (mail.Content is not { Count: > 0 } content)
        {
            errors.Add(new("Unless a valid template_id is provided, the content parameter is required. There must be at least one defined content block.", "content"));
            return;
        }

        if (content.Any(part => string.IsNullOrEmpty(part.Type) || string.IsNullOrEmpty(part.Value)))
        {
            errors.Add(new("The content type and value must be strings at least one character in length.", "content"));
        }

        var types = content.Select(part => part.Type).ToList();
        if (types.Distinct().Count() < types.Count || types.IndexOf("text/plain") > 0 || types.IndexOf("text/html") > 1)
        {
            errors.Add(new("If present, text/plain and text/html may only be provided once. They must come first and in that order.", "content"));
        }
    }

    private static void Person(List<MailError> errors, MailAddress? person, string field)
    {
        if (person?.Email is not { Length: > 0 and <= 254 } email || !Address().IsMatch(email))
        {
            errors.Add(new("Does not contain a valid address.", $"{field}.email"));
        }

        if (person?.Name is { } name && name.AsSpan().IndexOfAny(";,\r\n") >= 0)
        {
            errors.Add(new("The name must not contain ; or , or line breaks.", $"{field}.name"));
        }
    }

    private static void Headers(List<MailError> errors, Dictionary<string, string>? headers, string field)
    {
        foreach (var (name, value) in headers ?? [])
        {
            if (Reserved.Contains(name))
            {
                errors.Add(new($"The header {name} is reserved.", $"{field}.{name}"));
            }
            else if (!HeaderName().IsMatch(name) || value is null || !Ascii.IsValid(value) || value.AsSpan().IndexOfAny('\r', '\n') >= 0)
            {
                errors.Add(new("Header names and values must be ASCII without line breaks.", $"{field}.{name}"));
            }
        }
    }

    private static void Size(List<MailError> errors, Dictionary<string, string>? values, string field)
    {
        if (values?.Sum(pair => Encoding.UTF8.GetByteCount(pair.Key) + Encoding.UTF8.GetByteCount(pair.Value ?? "")) > MaxBytes)
        {
            errors.Add(new($"The values exceed {MaxBytes} bytes.", field));
        }
    }

    private static void When(List<MailError> errors, long? sendAt, long now, string field)
    {
        if (sendAt > now + (72 * 3600))
        {
            errors.Add(new("The send_at may be at most 72 hours from now.", field));
        }
    }

    private static bool HasNulls<T>(IEnumerable<T>? items) => items?.Any(item => item is null) ?? false;

    private static Dictionary<string, string>? Merge(Dictionary<string, string>? shared, Dictionary<string, string>? own) =>
        shared is null ? own : own is null ? shared : new(shared.Where(pair => !own.ContainsKey(pair.Key)).Concat(own));

    [GeneratedRegex(@"^[^@\s<>""(),:;\[\]\\]+@[^@\s<>""(),:;\[\]\\]+\z")]
    private static partial Regex Address();

    [GeneratedRegex(@"^[!-9;-~]+\z")]
    private static partial Regex HeaderName();
}
