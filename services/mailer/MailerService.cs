using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tracking;

namespace Newsletter.Mailer;

public static class MailerService
{
    public static void AddMailer(this WebApplicationBuilder builder)
    {
        builder.AddServiceDb<MailerDb, MailerPostgresDb, MailerSqliteDb>("mailer");
        builder.Services.AddValidation();
        builder.Services.AddSingleton<SecretKeys>();
        builder.AddMailProvider();
    }

    public static void MapMailer(this WebApplication app)
    {
        app.MapTracking();
    }
}
