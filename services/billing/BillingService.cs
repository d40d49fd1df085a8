using Newsletter.Billing.Accounts;
using Newsletter.Billing.Checkouts;
using Newsletter.Billing.Gifts;
using Newsletter.Billing.Grants;
using Newsletter.Billing.Ledger;
using Newsletter.Billing.Pages;
using Newsletter.Billing.Readers;
using Newsletter.Billing.Reconciliation;
using Newsletter.Billing.Statistics;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Subscriptions;
using Newsletter.Billing.Tiers;
using Newsletter.Billing.Webhooks;
using Newsletter.Contracts;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Storage;

namespace Newsletter.Billing;

public static class BillingService
{
    public static void AddBilling(this WebApplicationBuilder builder)
    {
        builder.AddServiceDb<BillingDb, BillingPostgresDb, BillingSqliteDb>("billing");
        builder.AddConsumers("billing")
            .Add<ErasureConsumer>()
            .Add<ResyncRequestConsumer>(concurrency: 1)
            .AddCopy<PublicationConsumer, PublicationChanged>()
            .AddCopy<ReaderConsumer, SubscribersChanged>();

        var services = builder.Services;
        services.AddValidation();
        services.AddSettings<StripeOptions>("Stripe");
        services.AddSettings<GrantOptions>("Billing");
        services.AddSettings<SyncOptions>("Billing");
        services.AddHttpClient(StripeAccounts.HttpClientName, client =>
            client.Timeout = TimeSpan.FromSeconds(builder.Settings<StripeOptions>("Stripe").TimeoutSeconds));

        services.AddScoped<StripeAccounts>().AddScoped<TierCatalog>().AddScoped<CheckoutDesk>().AddScoped<SitePages>();
        services.AddScoped<GrantBook>().AddScoped<GrantResync>().AddScoped<ReaderTies>().AddScoped<Reconciler>().AddScoped<Retention>();
        services.AddScoped<PayingCustomers>().AddScoped<PaidInvoices>().AddScoped<SubscriptionDismissal>();
        services.AddScoped<CheckoutSync>().AddScoped<SubscriptionSync>().AddScoped<InvoiceSync>()
            .AddScoped<InvoicePaymentSync>().AddScoped<ChargeSync>().AddScoped<RefundSync>().AddScoped<DisputeSync>();
        services.AddScoped<SyncQueue>().AddSingleton<SyncSignal>().AddHostedService<SyncWorker>();
        services.AddSingleton<MemberStatistics>();
        services.AddSingleton<SubscriptionCounts>().AddHostedService<ReconcilerService>();
    }

    public static void MapBilling(this WebApplication app)
    {
        var pages = app.MapPublication<BillingDb>("/{p}");
        pages.MapCheckoutPages();
        pages.MapMembershipPages();
        pages.MapGifts();

        var api = app.MapPublication<BillingDb>("/api/v1/publications/{p}");
        api.MapTiers();
        api.MapCheckoutApi();
        api.MapGrants();
        api.MapGiftApi();
        api.MapPayments();
        api.MapMemberships();
        api.MapMemberStatistics();
        api.MapPaymentAccount();

        app.MapWebhooks();
        app.MapReconciliation();
        app.MapOperations<BillingDb>("billing");
        app.MapResync<BillingDb>(nameof(GrantsChanged));
    }
}
