using Microsoft.AspNetCore.Builder;

namespace Newsletter.Subscriber;

public static class SubscriberService
{
    public static void AddSubscriber(this WebApplicationBuilder builder)
    {
    }

    public static void MapSubscriber(this WebApplication app)
    {
    }
}
