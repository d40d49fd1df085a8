using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Copies;

public static class ResyncEndpoint
{
    private const string Owned = "newsletter resync";

    /// <summary>
    /// Longer than any transaction, whose commands give up after 30 s each. A row stamped before the resync and committed after the list of
    /// rows was read would be in no part, and copies would let go of it: so the list is read when those transactions are over.
    /// </summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(1);

    /// <summary>
    /// <c>POST /internal/resync?event=SubscribersChanged</c>: asks the event's owner, over the bus, to send all its rows again in a minute. Several services in
    /// one process share the one route; it knows the events of all of them.
    /// </summary>
    /// <param name="events">The type names of the events whose rows this service owns, and whose <see cref="RequestResync"/> it consumes.</param>
    public static void MapResync<TDb>(this WebApplication app, params string[] events) where TDb : ServiceDb
    {
        var shared = ((IApplicationBuilder)app).Properties;
        if (shared.TryGetValue(Owned, out var mapped))
        {
            ((HashSet<string>)mapped!).UnionWith(events);
            return;
        }
        var known = events.ToHashSet(StringComparer.Ordinal);
        shared[Owned] = known;
        app.MapPost("/internal/resync", Task<IResult> (HttpContext http, CancellationToken _) => AskAsync<TDb>(http, known)).ForServices();
    }

    private static async Task<IResult> AskAsync<TDb>(HttpContext http, HashSet<string> known) where TDb : ServiceDb
    {
        var name = http.Request.Query["event"].ToString();
        if (!known.Contains(name)) return Problem.NotFound("Nobody here owns that event.");
        var db = http.RequestServices.GetRequiredService<TDb>();
        var since = HybridClock.Now(http.RequestServices.GetRequiredService<TimeProvider>());
        db.Publish(new RequestResync(name, since), after: Settling);
        await db.SaveChangesAsync(http.RequestAborted);
        return Results.Accepted();
    }
}
