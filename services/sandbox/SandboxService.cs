using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Identity;
using Newsletter.Sandbox.Checkout;
using Newsletter.Sandbox.Home;
using Newsletter.Sandbox.Inbox;
using Newsletter.Sandbox.Layout;
using Newsletter.Sandbox.Mail;
using Newsletter.Sandbox.Portal;
using Newsletter.Sandbox.Storage;
using Newsletter.Sandbox.StripeApi;
using Newsletter.Sandbox.Webhooks;

namespace Newsletter.Sandbox;

/// <summary>Stands in for Stripe and SendGrid. Everything is below <c>/sandbox</c>.</summary>
public static class SandboxService
{
    private static readonly TimeSpan ReceiverTimeout = TimeSpan.FromSeconds(20);

    public static void AddSandbox(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<SandboxOptions>()
            .BindConfiguration("Sandbox")
            .PostConfigure<IConfiguration>((options, configuration) => options.Complete(configuration))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddRazorComponents();
        builder.Services.AddSingleton<SandboxDb>();
        builder.Services.AddSingleton(services => new SandboxKeys(
            services.GetRequiredService<SandboxDb>(), services.GetRequiredService<IOptions<SandboxOptions>>()));
        builder.Services.AddSingleton<SandboxFaults>();
        builder.Services.AddSingleton<StripeCall>();
        builder.Services.AddSingleton<Letters>();
        builder.Services.AddHttpClient(WebhookSender.Client, client => client.Timeout = ReceiverTimeout)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null });
        builder.Services.AddHostedService<StripeSender>();
        builder.Services.AddHostedService<SendGridSender>();
    }

    public static void MapSandbox(this WebApplication app)
    {
        var imitations = app.MapGroup("").ForOwnKeys();
        imitations.MapStripeApi();
        imitations.MapPost("/sandbox/sendgrid/v3/mail/send", MailSend.AnswerAsync)
            .WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(32 * 1024 * 1024))
            .ExcludeFromDescription();

        var pages = app.MapGroup("").ForAnyone().AddEndpointFilter(SandboxPages.Guard);
        pages.MapAssets();
        pages.MapHome();
        pages.MapInbox();
        pages.MapCheckout();
        pages.MapPortal();
        pages.MapStripeControls();
        pages.MapMailControls();
    }
}
