using Microsoft.AspNetCore.Builder;

namespace Newsletter.Billing;

public static class BillingService
{
    public static void AddBilling(this WebApplicationBuilder builder)
    {
    }

    public static void MapBilling(this WebApplication app)
    {
    }
}
