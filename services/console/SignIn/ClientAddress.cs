using Newsletter.Defaults.Identity;

namespace Newsletter.Console.SignIn;

/// <summary>Where a request comes from: behind the gateway it says so, in standalone the connection does.</summary>
internal static class ClientAddress
{
    public static string? Of(HttpContext http)
    {
        var isBehindGateway = http.RequestServices.GetRequiredService<InternalListener>().Port is null;
        if (isBehindGateway && http.Request.Headers["X-Forwarded-For"].ToString() is { Length: > 0 } forwarded) return forwarded.Split(',')[^1].Trim();
        return http.Connection.RemoteIpAddress?.ToString();
    }
}
