using Newsletter.Content.Publications;
using Newsletter.Content.Storage;
using Newsletter.Defaults.Storage;

namespace Newsletter.Content;

public static class ContentService
{
    public static void AddContent(this WebApplicationBuilder builder)
    {
        builder.AddServiceDb<ContentDb, ContentPostgresDb, ContentSqliteDb>("content");
        builder.Services.AddSingleton<PublicationCache>();
        builder.Services.AddValidation();
    }

    public static void MapContent(this WebApplication app)
    {
        app.MapPublications();
        app.MapNewsletters();
    }
}
