using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Copies;

public static class ResyncEndpoint
{
    private const string Owned = "newsletter resync";

    /// <summary>
    /// <c>POST /internal/resync?event=SubscribersChanged</c>: asks the event's owner, over the bus, to send all its rows again. Several services in
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
        app.MapPost("/internal/resync", async Task<Results<Accepted, ProblemHttpResult>> (string @event, TDb db, CancellationToken cancellation) =>
        {
            if (!known.Contains(@event)) return Problem.NotFound("Nobody here owns that event.");
            db.Publish(new RequestResync(@event));
            await db.SaveChangesAsync(cancellation);
            return TypedResults.Accepted((string?)null);
        }).ForServices();
    }
}
