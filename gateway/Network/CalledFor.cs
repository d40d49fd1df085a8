using System.Net;
using Newsletter.Defaults.Identity;

namespace Newsletter.Gateway.Network;

/// <summary>
/// The console, one of our own processes, calls on behalf of a browser and says whose: that network is limited and that address told on, not ours.
/// From outside the header does not get here.
/// </summary>
internal sealed class CalledFor(RequestDelegate next, InternalListener internals)
{
    private const string From = "X-Newsletter-From";

    public Task InvokeAsync(HttpContext http)
    {
        if (internals is { Port: not null } && internals.IsInternal(http) && http.Request.Headers.Remove(From, out var said)
            && IPAddress.TryParse(said.ToString(), out var address)) http.Connection.RemoteIpAddress = address;
        return next(http);
    }
}
