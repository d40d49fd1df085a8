using Newsletter.Contracts;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Bounces;
using Newsletter.Mailer.Deliverability;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Letters;
using Newsletter.Mailer.Pace;
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
        builder.Services.AddSingleton<SharedClock>();
        builder.AddPace();
        builder.AddMailProviders();
        builder.AddSenders();
        builder.AddEditions();
        builder.AddDeliveries();
        builder.AddRoundups();
        builder.AddFigures();
        builder.AddTransactionalMail();
        builder.AddWebhooks();
        builder.AddBounces();
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
        app.MapSendGridWebhook();
        app.MapSesWebhook();
        app.MapBounces();
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
        api.MapMailAccounts();
        api.MapSenderDomains();
        app.MapOperations<MailerDb>("mailer").MapProviders().MapPublicationRates();
    }

    private static void AddEditions(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<VariantBooks>();
        builder.Services.AddScoped<FanOut>();
        builder.Services.AddScoped<EditionClosing>();
        builder.Services.AddScoped<Proofs>();
        builder.Services.AddWorker<EditionWorker>("editions");
        builder.Services.AddWorker<ReputationWatch>("complaints and bounces");
    }

    private static void AddSenders(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<DnsOptions>("Dns");
        builder.Services.AddSingleton<PublicationMails>();
        builder.Services.AddSingleton<SenderDomains>();
        builder.Services.AddSingleton<DomainDns>();
        builder.Services.AddSingleton<DomainCheck>();
        builder.Services.AddWorker<DomainWorker>("sender domains");
    }

    private static void AddPace(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Allowances>();
        builder.Services.AddSingleton<WarmUps>();
        builder.Services.AddSingleton<SendingHolds>();
        builder.Services.AddSingleton<PaceDesk>();
        builder.Services.AddWorker<PaceWatch>("pace watch");
    }

    private static void AddDeliveries(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<MailOptions>("Mail");
        builder.Services.AddSingleton<MailSenders>();
        builder.Services.AddSingleton<BatchQueue>();
        builder.Services.AddSingleton<BatchLease>();
        builder.Services.AddSingleton<LetterSteps>();
        builder.Services.AddSingleton<LetterDesk>();
        builder.Services.AddScoped<Ledger>();
        builder.Services.AddScoped<BatchSender>();
        builder.Services.AddScoped<BatchRecovery>();
        builder.Services.AddWorker<BatchSweeper>("batch sweeper");
        builder.Services.AddWorker<LedgerWatch>("ledger watch");
        builder.Services.AddWorker<DelayWatch>("delay watch");
        builder.Services.AddWorker<LedgerPruning>("ledger pruning");
        builder.Services.AddHostedService<DeliveryWorker>();
    }

    private static void AddFigures(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<TallyBook>();
        builder.Services.AddSingleton<LiveEditions>();
        builder.Services.AddSingleton<EditionFigures>();
        builder.Services.AddWorker<TallyWorker>("edition tallies");
        builder.Services.AddWorker<DomainCounter>("recipient domains");
    }

    private static void AddRoundups(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<RoundupMaker>();
        builder.Services.AddWorker<RoundupWorker>("roundup slots");
        builder.Services.AddWorker<SlotWatch>("slot watch");
    }

    private static void AddTransactionalMail(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<TransactionalSender>();
        builder.Services.AddWorker<TransactionalWorker>("transactional mail");
    }

    private static void AddWebhooks(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<SendGridWebhook.Intake>();
        builder.Services.AddScoped<SesWebhook.Intake>();
        builder.Services.AddScoped<WebhookAccounts>();
        builder.Services.AddSingleton<SnsMessages>();
        SnsMessages.Register(builder.Services);
        builder.Services.AddScoped<EventIngest>();
        builder.Services.AddScoped<EventResolver>();
        builder.Services.AddScoped<LetterFacts>();
        builder.Services.AddScoped<AddressBook>();
        builder.Services.AddWorker<WebhookWorker>("provider events");
    }

    private static void AddBounces(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<BounceOptions>(BounceOptions.Section);
        builder.Services.AddScoped<BounceReader>();
        builder.Services.AddScoped<BounceWebhook.Intake>();
        if (!string.IsNullOrEmpty(builder.Configuration[$"{BounceOptions.Section}:Imap:Host"])) builder.Services.AddWorker<BounceMailbox>("bounce mailbox");
    }

    /// <summary>One instance, which handlers wake.</summary>
    /// <param name="name">What operators know it by.</param>
    private static void AddWorker<T>(this IServiceCollection services, string name) where T : Worker
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider =>
        {
            var worker = provider.GetRequiredService<T>();
            worker.ReportTo(provider.GetRequiredService<Schedules>(), name);
            return worker;
        });
    }
}
