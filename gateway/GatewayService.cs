using Microsoft.AspNetCore.Builder;

namespace Newsletter.Gateway;

public static class GatewayService
{
    public static void AddGateway(this WebApplicationBuilder builder)
    {
    }

    public static void MapGateway(this WebApplication app)
    {
    }
}
