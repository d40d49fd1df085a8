using Microsoft.Extensions.DependencyInjection.Extensions;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;

namespace Newsletter.Standalone;

/// <summary>Every service is this process: calls between them go to its own internal listener, known once it listens.</summary>
internal sealed class OwnAddress(IConfiguration configuration, InternalListener internals) : ServiceDirectory(configuration)
{
    public override Uri AddressOf(string service) =>
        internals.Port?.Invoke() is > 0 and var port ? new($"http://127.0.0.1:{port}") : throw new HttpRequestException("This process does not listen yet.");
}

internal static class OwnAddressSetup
{
    public static void AddOwnAddress(this WebApplicationBuilder builder) =>
        builder.Services.Replace(ServiceDescriptor.Singleton<ServiceDirectory, OwnAddress>());
}
