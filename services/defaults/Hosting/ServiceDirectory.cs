using Microsoft.Extensions.Configuration;

namespace Newsletter.Defaults.Hosting;

/// <summary>Where the other services listen: setting <c>Services__{Name}</c>. In standalone all of them are one address.</summary>
public class ServiceDirectory(IConfiguration configuration)
{
    public virtual Uri AddressOf(string service) =>
        Uri.TryCreate(configuration[$"Services:{service}"], UriKind.Absolute, out var address)
            ? address
            : throw new SettingException($"Services__{service}", "the address of that service is missing or is not absolute.");
}
