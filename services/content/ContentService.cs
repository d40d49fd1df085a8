using Microsoft.AspNetCore.Builder;

namespace Newsletter.Content;

public static class ContentService
{
    public static void AddContent(this WebApplicationBuilder builder)
    {
    }

    public static void MapContent(this WebApplication app)
    {
    }
}
