using System.Text.Json.Nodes;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;

namespace Newsletter.Gateway.Docs;

/// <summary>The services' OpenAPI documents as one, asked for when somebody reads it.</summary>
internal static class MergedOpenApi
{
    private static readonly string[] Documented = ["content", "subscriber", "billing", "mailer"];

    public static void MapMergedOpenApi(this WebApplication app) =>
        app.MapGet("/openapi/v1.json", MergeAsync).ForAnyone().ExcludeFromDescription();

    private static async Task<IResult> MergeAsync(ServiceDirectory services, IHttpClientFactory clients, CancellationToken cancellation)
    {
        using var client = clients.CreateClient("internal");
        try
        {
            var documents = await Task.WhenAll(Documented.Select(service =>
                client.GetStringAsync(new Uri(services.AddressOf(service), "/openapi/v1.json"), cancellation)));
            return Results.Text(Merge(documents.Select(d => JsonNode.Parse(d)!.AsObject())).ToJsonString(), "application/json");
        }
        catch (HttpRequestException)
        {
            return Problem.Of(StatusCodes.Status503ServiceUnavailable, "A service is away, and with it its part of the documentation; try again.");
        }
    }

    internal static JsonObject Merge(IEnumerable<JsonObject> documents)
    {
        var paths = new JsonObject();
        var schemas = new JsonObject();
        string? version = null;
        foreach (var document in documents)
        {
            version ??= (string?)document["openapi"];
            MoveMissing(document["paths"] as JsonObject, paths);
            MoveMissing(document["components"]?["schemas"] as JsonObject, schemas);
        }
        return new()
        {
            ["openapi"] = version,
            ["info"] = new JsonObject { ["title"] = "Newsletter API", ["version"] = "v1" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static void MoveMissing(JsonObject? from, JsonObject to)
    {
        foreach (var (key, value) in from?.ToList() ?? [])
        {
            from!.Remove(key);
            if (!to.ContainsKey(key)) to[key] = value;
        }
    }
}
