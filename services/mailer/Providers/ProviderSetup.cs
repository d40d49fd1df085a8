using Newsletter.Defaults.Hosting;

namespace Newsletter.Mailer.Providers;

internal static class ProviderSetup
{
    /// <summary>The provider that <c>Mail__Provider</c> names; without it, the first that is configured. Beside it the one that <c>Mail__Fallback</c> names.</summary>
    public static void AddMailProviders(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<SendGridOptions>("SendGrid");
        builder.Services.AddSettings<SmtpOptions>("Smtp");
        builder.Services.AddSettings<SesOptions>("Ses");
        SendGridProvider.Register(builder.Services);
        SesProvider.Register(builder.Services);
        builder.Services.AddSingleton(NamesOf(builder.Configuration));
        builder.Services.AddSingleton<ProviderHealth>();
        builder.Services.AddSingleton<AccountVault>();
        builder.Services.AddSingleton<ProviderFactory>();
        builder.Services.AddSingleton<InstallationAccounts>();
    }

    private static ProviderNames NamesOf(ConfigurationManager settings)
    {
        var fallback = Named(settings, "Mail__Fallback", "Mail:Fallback");
        var first = Named(settings, "Mail__Provider", "Mail:Provider")
            ?? Array.Find(ProviderFactory.Names, name => !string.IsNullOrEmpty(settings[CredentialOf(name)]))
            ?? throw new SettingException("SendGrid__ApiKey", "is missing, and Smtp__Host and Ses__AccessKey too: mail has no way out.");
        return first == fallback ? throw new SettingException("Mail__Fallback", "is the first provider once more.") : new(first, fallback);
    }

    private static string? Named(ConfigurationManager settings, string setting, string path)
    {
        if (settings[path] is not { Length: > 0 } value) return null;
        var name = value.ToLowerInvariant();
        if (!ProviderFactory.Names.Contains(name)) throw new SettingException(setting, $"is none of {string.Join(", ", ProviderFactory.Names)}.");
        var credential = CredentialOf(name);
        return string.IsNullOrEmpty(settings[credential]) ? throw new SettingException(credential.Replace(":", "__", StringComparison.Ordinal), "is missing.") : name;
    }

    /// <summary>Without which nothing leaves.</summary>
    private static string CredentialOf(string name) => name switch
    {
        "sendgrid" => "SendGrid:ApiKey",
        "smtp" => "Smtp:Host",
        _ => "Ses:AccessKey",
    };
}
