using Microsoft.AspNetCore.Builder;

namespace Newsletter.Mailer;

public static class MailerService
{
    public static void AddMailer(this WebApplicationBuilder builder)
    {
    }

    public static void MapMailer(this WebApplication app)
    {
    }
}
