using Microsoft.AspNetCore.Http;

namespace Newsletter.Defaults.Identity;

/// <summary>
/// Tells calls of our own processes from calls of the world. A service behind the gateway is reached by our own only;
/// standalone, which faces the world, opens a second listener on loopback for itself and names its port here.
/// </summary>
public sealed class InternalListener
{
    /// <summary>Null: the whole process is behind the gateway.</summary>
    public Func<int>? Port { get; set; }

    public bool IsInternal(HttpContext http) => Port is null || http.Connection.LocalPort == Port();

    /// <summary>On our own listener (a monitor on another machine asks there), or from this machine and not forwarded for somebody else.</summary>
    public bool IsOwnMachine(HttpContext http) =>
        IsInternal(http)
        || http.Connection.RemoteIpAddress is { } from && System.Net.IPAddress.IsLoopback(from) && !http.Request.Headers.ContainsKey("X-Forwarded-For");
}
