using System.Text.Json.Nodes;

namespace Newsletter.Sandbox.StripeApi;

/// <summary>A refusal in Stripe's own words. <paramref name="keep"/>: what happened on the way (a failed charge) stays written.</summary>
internal sealed class StripeFault(int status, string type, string message, string? param = null, string? code = null, bool keep = false)
    : Exception(message)
{
    public int Status => status;

    public bool Keep => keep;

    public string? DeclineCode { get; init; }

    public static StripeFault Invalid(string message, string? param = null, string? code = null) =>
        new(400, "invalid_request_error", message, param, code);

    public static StripeFault Missing(string param) =>
        Invalid($"Missing required param: {param}.", param, "parameter_missing");

    public static StripeFault NoSuch(string kind, string id, string param) =>
        new(404, "invalid_request_error", $"No such {kind.Replace('_', ' ').Replace('.', ' ')}: '{id}'", param, "resource_missing");

    public static StripeFault Key(string message) => new(401, "invalid_request_error", message);

    public JsonObject Body()
    {
        var error = new JsonObject { ["type"] = type, ["message"] = Message };
        foreach (var (name, value) in new[] { ("code", code), ("param", param), ("decline_code", DeclineCode) })
        {
            if (value is not null)
            {
                error[name] = value;
            }
        }

        return new() { ["error"] = error };
    }
}
