using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Newsletter.Defaults.Hosting;
using Newsletter.Gateway.Forwarding;

namespace Newsletter.Standalone;

/// <summary>
/// What a process with nothing configured lives on: SQLite files in the data folder, secrets of its own making, the sandbox
/// in the place of providers. Whatever is configured wins.
/// </summary>
/// <param name="UsesSandbox">It stands in for at least one provider.</param>
/// <param name="KeepsMail">And for the one of mail: nothing leaves this machine.</param>
internal sealed record Home(bool UsesSandbox, bool KeepsMail, bool IsNew, string OwnerKey);

internal static class HomeSetup
{
    private static readonly string[] Services = ["subscriber", "content", "billing", "mailer"];

    public static Home AddHome(this WebApplicationBuilder builder)
    {
        var configured = builder.Configuration;
        var newsletter = builder.Settings<NewsletterOptions>("Newsletter");
        if (!Uri.TryCreate(newsletter.Url, UriKind.Absolute, out var url)) throw new SettingException("Newsletter__Url", "is not an absolute address.");

        var playsStripe = configured["Stripe:ApiKey"] is null;
        var playsMail = configured["SendGrid:ApiKey"] is null && configured["Smtp:Host"] is null && configured["Ses:AccessKey"] is null;
        var usesSandbox = playsStripe || playsMail || SandboxAccess.IsUsed(configured);
        if (usesSandbox && !SandboxAccess.IsAllowed(configured, newsletter))
        {
            var missing = (playsStripe, playsMail) switch
            {
                (true, true) => "Stripe__ApiKey, SendGrid__ApiKey, Smtp__Host or Ses__AccessKey",
                (true, false) => "Stripe__ApiKey",
                (false, true) => "SendGrid__ApiKey, Smtp__Host or Ses__AccessKey",
                _ => "Newsletter__Sandbox",
            };
            throw new SettingException(missing,
                "must be set where the process can be reached from other machines; to try it out there without providers set Newsletter__Sandbox=true.");
        }

        Directory.CreateDirectory(newsletter.Data);
        var (secrets, isNew) = OwnSecrets.ReadOrMake(Path.Combine(newsletter.Data, "secrets.json"));
        var defaults = new Dictionary<string, string?>
        {
            ["Newsletter:Owner:Email"] = "owner@example.com",
            ["Newsletter:Owner:ApiKey"] = secrets.OwnerKey,
        };
        foreach (var service in Services) defaults[$"ConnectionStrings:{service}"] = $"Data Source={Path.Combine(newsletter.Data, service + ".db")}";
        var sandbox = $"{url.GetLeftPart(UriPartial.Authority)}/sandbox";
        if (playsStripe)
        {
            defaults["Stripe:ApiKey"] = "sk_test_sandbox";
            defaults["Stripe:ApiBase"] = $"{sandbox}/stripe";
            defaults["Stripe:WebhookSecret"] = defaults["Sandbox:StripeWebhookSecret"] = secrets.StripeWebhookSecret;
        }
        if (playsMail)
        {
            defaults["SendGrid:ApiKey"] = "SG.sandbox.sandbox";
            defaults["SendGrid:ApiBase"] = $"{sandbox}/sendgrid";
            defaults["SendGrid:WebhookKey"] = secrets.SendGridPublicKey;
            defaults["Sandbox:SendGridPrivateKey"] = secrets.SendGridPrivateKey;
        }
        foreach (var (key, value) in defaults.Where(d => configured[d.Key] is null)) configured[key] = value;
        return new(usesSandbox, playsMail, isNew, configured["Newsletter:Owner:ApiKey"]!);
    }
}

/// <summary>Made on the first start, kept in a file that only its owner can read.</summary>
internal sealed record OwnSecrets(string OwnerKey, string StripeWebhookSecret, string SendGridPrivateKey, string SendGridPublicKey)
{
    public static (OwnSecrets Secrets, bool IsNew) ReadOrMake(string path)
    {
        if (File.Exists(path)) return (JsonSerializer.Deserialize<OwnSecrets>(File.ReadAllText(path))!, false);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var made = new OwnSecrets(
            $"nlk_{RandomText()}", $"whsec_{RandomText()}",
            Convert.ToBase64String(key.ExportPkcs8PrivateKey()), Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()));
        // Written beside and moved, so that a process killed here leaves either nothing or all of it.
        var draft = path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(draft, options))
        {
            JsonSerializer.Serialize(file, made);
            file.Flush(flushToDisk: true);
        }
        File.Move(draft, path);
        return (made, true);
    }

    private static string RandomText() => WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(32));
}
