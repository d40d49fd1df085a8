using System.Net;

namespace Newsletter.Mailer.Providers;

/// <summary>What calls of providers over HTTP have in common: their connections, and what it means that no answer came.</summary>
internal static class ProviderHttp
{
    /// <summary>The call was certainly not taken; with any other code it may have been.</summary>
    public const string NotReached = "connect";

    public static void AddProviderClient(this IServiceCollection services, string name) => services.AddHttpClient(name)
        .ConfigureHttpClient(http => http.Timeout = Timeout.InfiniteTimeSpan)
        .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
        });

    /// <summary>Why there is no answer; null for what is no failure of the call.</summary>
    /// <param name="timeout">Linked to <paramref name="cancellation"/>.</param>
    public static string? CodeOf(Exception failure, CancellationToken timeout, CancellationToken cancellation) => failure switch
    {
        OperationCanceledException when cancellation.IsCancellationRequested => null,
        // Our time was up while it may have been at work, or no connection came about in the handler's time.
        OperationCanceledException => timeout.IsCancellationRequested ? "timeout" : NotReached,
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
        } => NotReached,
        HttpRequestException or IOException => "connection_lost",
        _ => null,
    };
}
