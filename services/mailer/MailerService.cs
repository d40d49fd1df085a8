using Newsletter.Contracts;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Deliverability;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Letters;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Roundups;
using Newsletter.Mailer.Segments;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tracking;
using Newsletter.Mailer.Transactional;
using Newsletter.Mailer.Webhooks;

namespace Newsletter.Mailer;

public static class MailerService
{
    public static void AddMailer(this WebApplicationBuilder builder)
    {
        builder.AddServiceDb<MailerDb, MailerPostgresDb, MailerSqliteDb>("mailer");
        builder.Services.AddValidation();
        builder.Services.AddSingleton<SecretKeys>();
        builder.AddMailProvider();
        builder.AddEditions();
        builder.AddDeliveries();
        builder.AddRoundups();
        builder.AddFigures();
        builder.AddTransactionalMail();
        builder.AddWebhooks();
        builder.AddConsumers("mailer")
            .AddCopy<PublicationConsumer, PublicationChanged>()
            .AddCopy<RecipientConsumer, SubscribersChanged>()
            .AddCopy<GrantConsumer, GrantsChanged>()
            .AddCopy<PostConsumer, PostChanged>()
            .Add<ErasureConsumer>()
            .Add<SendTransactionalMailConsumer>()
            .Add<DeliverBatchConsumer>();
    }

    public static void MapMailer(this WebApplication app)
    {
        app.MapTracking();
        app.MapWebhooks();
        app.MapPublication<MailerDb>("/{p}").MapWebView();
        var api = app.MapPublication<MailerDb>("/api/v1/publications/{p}");
        api.MapEditions();
        api.MapEditionActions();
        api.MapDeliveryExport();
        api.MapLive();
        api.MapFigures();
        api.MapLetterStatistics();
        api.MapProofs();
        api.MapRoundups();
        api.MapDeliverability();
        api.MapSegments();
        api.MapSenders();
    }

    private static void AddEditions(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<VariantBooks>();
        builder.Services.AddScoped<FanOut>();
        builder.Services.AddScoped<EditionClosing>();
        builder.Services.AddScoped<Proofs>();
        builder.Services.AddWorker<EditionWorker>();
    }

    private static void AddDeliveries(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<MailOptions>("Mail");
        builder.Services.AddSingleton<MailSenders>();
        builder.Services.AddSingleton<BatchQueue>();
        builder.Services.AddSingleton<BatchLease>();
        builder.Services.AddSingleton<LetterDesk>();
        builder.Services.AddScoped<Ledger>();
        builder.Services.AddScoped<BatchSender>();
        builder.Services.AddScoped<BatchRecovery>();
        builder.Services.AddWorker<BatchSweeper>();
        builder.Services.AddWorker<LedgerWatch>();
        builder.Services.AddHostedService<DeliveryWorker>();
    }

    private static void AddFigures(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<TallyBook>();
        builder.Services.AddSingleton<LiveEditions>();
        builder.Services.AddWorker<TallyWorker>();
        builder.Services.AddWorker<DomainCounter>();
    }

    private static void AddRoundups(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<RoundupMaker>();
        builder.Services.AddWorker<RoundupWorker>();
    }

    private static void AddTransactionalMail(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<TransactionalSender>();
        builder.Services.AddWorker<TransactionalWorker>();
    }

    private static void AddWebhooks(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<SendGridWebhook.Intake>();
        builder.Services.AddScoped<EventIngest>();
        builder.Services.AddScoped<EventResolver>();
        builder.Services.AddScoped<LetterFacts>();
        builder.Services.AddScoped<AddressBook>();
        builder.Services.AddWorker<WebhookWorker>();
    }

    /// <summary>One instance, which handlers wake.</summary>
    private static void AddWorker<T>(this IServiceCollection services) where T : Worker
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }
}
