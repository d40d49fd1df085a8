using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Staff;
using Newsletter.Subscriber.Storage;
using Newsletter.Subscriber.Tokens;

namespace Newsletter.Subscriber;

public static class SubscriberService
{
    public static void AddSubscriber(this WebApplicationBuilder builder)
    {
        builder.AddServiceDb<SubscriberDb, SubscriberPostgresDb, SubscriberSqliteDb>("subscriber");
        builder.Services.AddValidation();
        builder.Services.AddSettings<OwnerOptions>("Newsletter:Owner");
        builder.Services.AddHostedService<FirstOperator>();
        builder.Services.AddSingleton<SigningKeys>();
    }

    public static void MapSubscriber(this WebApplication app)
    {
        app.MapTokens();
    }
}
