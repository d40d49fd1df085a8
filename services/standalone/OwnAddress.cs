using Microsoft.Extensions.DependencyInjection.Extensions;
using Newsletter.Defaults.Hosting;

namespace Newsletter.Standalone;

/// <summary>Every service is this process: calls between them go to its own internal listener, known once it listens.</summary>
internal sealed class OwnAddress(IConfiguration configuration) : ServiceDirectory(configuration)
{
    private volatile Uri? _address;

    public override Uri AddressOf(string service) => _address ?? throw new HttpRequestException("This process does not listen yet.");

    public void Is(string url) => _address = new Uri(url);
}

internal static class OwnAddressSetup
{
    public static void AddOwnAddress(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<OwnAddress>();
        builder.Services.Replace(ServiceDescriptor.Singleton<ServiceDirectory>(services => services.GetRequiredService<OwnAddress>()));
    }
}
