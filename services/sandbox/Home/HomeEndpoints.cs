using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Sandbox.Layout;
using Newsletter.Sandbox.Mail;
using Newsletter.Sandbox.Storage;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Home;

/// <summary>One event and how its delivery stands: <paramref name="Waiting"/> receivers have not taken it.</summary>
public sealed record ToldEvent(string Id, string Type, long Created, long Waiting, string? Answer);

internal static class HomeEndpoints
{
    private const int Shown = 15;

    public static void MapHome(this IEndpointRouteBuilder app) => app.MapGet("/sandbox", Show).ExcludeFromDescription();

    private static RazorComponentResult Show(SandboxDb db, Letters letters) => SandboxPages.Show<HomePage>(new()
    {
        ["Letters"] = letters.Count(),
        ["Subscriptions"] = db.Read(connection => connection.Query(
            "SELECT json FROM stripe_objects WHERE kind = 'subscription' ORDER BY seq DESC LIMIT $limit", row => Json.Parse(row.GetString(0)), ("$limit", Shown))),
        ["Emails"] = db.Read(connection => connection.Query(
            "SELECT id, json_extract(json, '$.email') FROM stripe_objects WHERE kind = 'customer' ORDER BY seq DESC LIMIT 1000",
            row => (Id: row.GetString(0), Email: row.IsDBNull(1) ? "" : row.GetString(1)))).ToDictionary(row => row.Id, row => row.Email),
        ["Events"] = db.Read(connection => connection.Query(
            """
            SELECT e.id, e.type, e.created, count(q.id), max(q.answer) FROM stripe_events e LEFT JOIN webhook_queue q ON q.event_id = e.id
            GROUP BY e.seq ORDER BY e.seq DESC LIMIT $limit
            """,
            row => new ToldEvent(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.IsDBNull(4) ? null : row.GetString(4)),
            ("$limit", Shown))),
    });
}
