using Newsletter.Contracts;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Audit;
using Newsletter.Subscriber.Confirmation;
using Newsletter.Subscriber.Erasure;
using Newsletter.Subscriber.Figures;
using Newsletter.Subscriber.Keys;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.ReaderAccount;
using Newsletter.Subscriber.Resyncs;
using Newsletter.Subscriber.SignIn;
using Newsletter.Subscriber.SignUp;
using Newsletter.Subscriber.Staff;
using Newsletter.Subscriber.Storage;
using Newsletter.Subscriber.Subscribers;
using Newsletter.Subscriber.Tokens;
using Newsletter.Subscriber.Topics;
using Newsletter.Subscriber.Unsubscribing;

namespace Newsletter.Subscriber;

public static class SubscriberService
{
    public static void AddSubscriber(this WebApplicationBuilder builder)
    {
        builder.AddServiceDb<SubscriberDb, SubscriberPostgresDb, SubscriberSqliteDb>("subscriber");
        builder.AddConsumers("subscriber")
            .Add<RegisterSubscriberConsumer>()
            .Add<EndConsentConsumer>()
            .Add<ErasureDoneConsumer>()
            .Add<StaffActedConsumer>()
            .Add<ResyncConsumer>(concurrency: 1)
            .AddCopy<PublicationConsumer, PublicationChanged>()
            .AddCopy<PostConsumer, PostChanged>()
            .AddCopy<GrantConsumer, GrantsChanged>();
        builder.Services.AddValidation();
        builder.Services.AddSettings<OwnerOptions>("Newsletter:Owner");
        builder.Services.AddSettings<AuditOptions>("Audit");
        builder.Services.AddSingleton<SigningKeys>();
        builder.Services.AddSingleton<LinkKeys>();
        builder.Services.AddSingleton<ReaderStatistics>();
        builder.Services.AddScoped<Registrar>();
        builder.Services.AddHostedService<FirstOperator>();
        builder.Services.AddHostedService<Housekeeping>();
    }

    public static void MapSubscriber(this WebApplication app)
    {
        var pages = app.MapPublication<SubscriberDb>("/{p}").ExcludeFromDescription();
        var api = app.MapPublication<SubscriberDb>("/api/v1/publications/{p}");
        api.MapSignUp(pages);
        var leaving = app.MapPublication<SubscriberDb>("/{p}").ExcludeFromDescription().OpenWhileSuspended();
        leaving.MapConfirmation();
        leaving.MapSignIn();
        leaving.MapReaderAccount();
        leaving.MapUnsubscribing();
        api.MapSubscribers();
        api.MapReaderFigures();
        api.MapMembers();
        api.MapKeys();
        app.MapAudit(api);
        app.MapStaffSignIn();
        app.MapTokens();
        app.MapOperations<SubscriberDb>("subscriber");
        app.MapResync<SubscriberDb>(nameof(SubscribersChanged), nameof(SubscriberErased));
    }
}
