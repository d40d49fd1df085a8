using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Yarp.ReverseProxy.Configuration;

namespace Newsletter.Gateway.Forwarding;

/// <summary>YARP in front of the services; standalone has the same routes in its own process instead.</summary>
internal static class Forwarder
{
    public static void AddForwarding(this WebApplicationBuilder builder)
    {
        var options = builder.Settings<GatewayOptions>("Gateway");
        var newsletter = builder.Settings<NewsletterOptions>("Newsletter");
        var sandbox = SandboxAccess.IsUsed(builder.Configuration) && SandboxAccess.IsAllowed(builder.Configuration, newsletter);
        var directory = new ServiceDirectory(builder.Configuration);
        // Below that level it writes the address of every request, and some hold tokens.
        builder.Logging.AddFilter("Yarp", LogLevel.Warning);
        var routes = RouteTable.All.Where(route => sandbox || route.Service != "sandbox").ToList();
        builder.Services.AddReverseProxy().LoadFromMemory(
            [.. routes.Select((route, at) => new RouteConfig
            {
                RouteId = $"{at} {route.Service}",
                ClusterId = route.Service,
                Match = new() { Path = route.Path },
                Order = route.Order,
                MaxRequestBodySize = options.MaxRequestBytes,
            })],
            [.. routes.Select(r => r.Service).Distinct().Select(service => new ClusterConfig
            {
                ClusterId = service,
                Destinations = new Dictionary<string, DestinationConfig> { [service] = new() { Address = directory.AddressOf(service).ToString() } },
                HttpRequest = new() { ActivityTimeout = TimeSpan.FromSeconds(60) },
            })]);
    }

    public static void MapForwarding(this WebApplication app) => app.MapReverseProxy().DecidedBehind();
}
