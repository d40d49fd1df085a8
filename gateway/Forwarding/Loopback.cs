using System.Net;

namespace Newsletter.Gateway.Forwarding;

public static class Loopback
{
    /// <summary>True where each of the addresses (separated by semicolons) can be reached from this machine only.</summary>
    public static bool Only(string urls) => urls.Split(';', StringSplitOptions.RemoveEmptyEntries).All(url =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))));
}
