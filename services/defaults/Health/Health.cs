using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Newsletter.Defaults.Identity;

namespace Newsletter.Defaults.Health;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: its database does; without its bus it is degraded, which is still ready.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }).ForLoopback();
        app.MapHealthChecks("/health/ready").ForLoopback();
    }
}
