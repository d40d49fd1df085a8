using Newsletter.Defaults.Hosting;

namespace Newsletter.Mailer.Providers;

internal static class ProviderSetup
{
    /// <summary>The provider that <c>Mail__Provider</c> names; without it, the one that is configured.</summary>
    public static void AddMailProvider(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<SendGridOptions>("SendGrid");
        builder.Services.AddSettings<SmtpOptions>("Smtp");
        builder.Services.AddSingleton<ProviderHealth>();
        var hasSendGrid = !string.IsNullOrEmpty(builder.Configuration["SendGrid:ApiKey"]);
        var hasSmtp = !string.IsNullOrEmpty(builder.Configuration["Smtp:Host"]);
        switch (builder.Configuration["Mail:Provider"]?.ToLowerInvariant())
        {
            case "sendgrid" when !hasSendGrid:
                throw new SettingException("SendGrid__ApiKey", "is missing.");
            case "smtp" when !hasSmtp:
                throw new SettingException("Smtp__Host", "is missing.");
            case "sendgrid":
            case null or "" when hasSendGrid:
                SendGridProvider.Register(builder.Services);
                builder.Services.AddSingleton<IMailProvider, SendGridProvider>();
                break;
            case "smtp":
            case null or "" when hasSmtp:
                builder.Services.AddSingleton<SmtpConnections>();
                builder.Services.AddSingleton<IMailProvider, SmtpProvider>();
                break;
            case null or "":
                throw new SettingException("SendGrid__ApiKey", "is missing, and Smtp__Host too: mail has no way out.");
            default:
                throw new SettingException("Mail__Provider", "is neither sendgrid nor smtp.");
        }
    }
}
