using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Newsletter.Gateway.Certificates;
using Newsletter.Gateway.Docs;
using Newsletter.Gateway.Network;
using Newsletter.Gateway.Publications;
using Newsletter.Gateway.Tokens;

namespace Newsletter.Gateway;

/// <summary>The door: hosts, sessions, network limits, security headers, API docs. Forwarding to the services is added by its own process only.</summary>
public static class GatewayService
{
    public static void AddGateway(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<GatewayOptions>("Gateway");
        builder.Services.AddSingleton<PublicationDirectory>();
        builder.Services.AddHostedService(services => services.GetRequiredService<PublicationDirectory>());
        builder.AddConsumers("gateway").AddPerProcess<PublicationHostConsumer>();
        builder.Services.AddSingleton<TokenExchange>();
        builder.Services.AddHostedService<CertificateWatch>();
        builder.AddNetworkLimits();
        builder.Listen();
        builder.Services.AddHostedService<InternalPort>();
    }

    /// <summary>Before routing: what a request is for, and who sends it.</summary>
    public static void UseGateway(this WebApplication app)
    {
        app.UseNetworkLimits();
        app.UseMiddleware<InternalPaths>();
        app.UseHouseHeaders();
        app.UseMiddleware<PublicationHosts>();
        app.UseMiddleware<CredentialMiddleware>();
        app.UseMailingLimit();
    }

    public static void MapGateway(this WebApplication app)
    {
        app.MapFrontDoor();
        app.MapDocs();
    }

    /// <summary>Listens on <c>Newsletter__Url</c>, and on a loopback port for our own.</summary>
    private static void Listen(this WebApplicationBuilder builder)
    {
        var options = builder.Settings<GatewayOptions>("Gateway");
        var newsletter = builder.Settings<NewsletterOptions>("Newsletter");
        var url = builder.Configuration["Urls"] ?? builder.Configuration["ASPNETCORE_URLS"] ?? newsletter.Url;
        builder.WebHost.UseUrls([.. url.Split(';'), options.InternalUrl]);
    }
}
