using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Http;

public static class LostRaces
{
    private const int MostAttempts = 20;

    /// <summary>
    /// For handlers below <c>{p}</c> that save once: when another has written the row meanwhile (a resync stamps every row), the handler
    /// begins anew on what is there now, and compares a version that the caller named with the newer one.
    /// </summary>
    public static T AgainWhenOvertaken<T>(this T endpoint) where T : IEndpointConventionBuilder => endpoint.AddEndpointFilter(async (context, next) =>
    {
        var http = context.HttpContext;
        var db = (ServiceDb)http.RequestServices.GetRequiredService(http.GetEndpoint()!.Metadata.GetRequiredMetadata<PublicationScope>().Db);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await next(context);
            }
            catch (DbUpdateConcurrencyException) when (attempt < MostAttempts)
            {
                db.ChangeTracker.Clear();
            }
        }
    });
}
