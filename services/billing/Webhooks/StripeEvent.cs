using System.Globalization;
using System.Text.Json;

namespace Newsletter.Billing.Webhooks;

/// <summary>
/// What we need of an event: which object has news. Read from the JSON itself, because the library's types refuse other release trains
/// and unknown objects, and because snapshot (<c>invoice.paid</c>) and thin (<c>v1.invoice.paid</c>) events then are one case.
/// </summary>
internal sealed record StripeEvent(string Id, string Type, string? ObjectId, StripeKind? Kind, DateTimeOffset CreatedAt, bool Live, string? Account)
{
    private const int MostCharacters = 255;

    /// <summary>What Stripe is asked to tell.</summary>
    public static readonly IReadOnlyList<string> Wanted =
    [
        "checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed", "checkout.session.expired",
        "customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted", "customer.subscription.paused",
        "customer.subscription.resumed", "customer.subscription.trial_will_end", "customer.subscription.pending_update_applied",
        "customer.subscription.pending_update_expired", "invoice.paid", "invoice.payment_failed", "invoice.payment_action_required",
        "invoice.finalization_failed", "invoice.voided", "invoice.marked_uncollectible", "invoice_payment.paid", "charge.refunded",
        "refund.created", "refund.updated", "refund.failed", "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
        "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
    ];

    /// <summary>Null for what is not an event.</summary>
    public static StripeEvent? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new() { MaxDepth = 64 });
            var root = document.RootElement;
            if (Text(root, "id") is not { } id || Text(root, "type") is not { } type || CreatedOf(root) is not { } created) return null;
            var live = root.TryGetProperty("livemode", out var mode) && mode.ValueKind == JsonValueKind.True;
            var subject = Child(Child(root, "data"), "object") ?? Child(root, "related_object");
            var objectId = subject is { } known ? Text(known, "id") : null;
            var account = Text(root, "account") ?? Text(root, "context");
            return new(id, type, objectId, objectId is null ? null : KindOf(type), created, live, account);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static StripeKind? KindOf(string type) => (type.StartsWith("v1.", StringComparison.Ordinal) ? type[3..] : type) switch
    {
        var t when t.StartsWith("checkout.session.", StringComparison.Ordinal) => StripeKind.CheckoutSession,
        var t when t.StartsWith("customer.subscription.", StringComparison.Ordinal) => StripeKind.Subscription,
        var t when t.StartsWith("invoice.", StringComparison.Ordinal) => StripeKind.Invoice,
        var t when t.StartsWith("invoice_payment.", StringComparison.Ordinal) => StripeKind.InvoicePayment,
        var t when t.StartsWith("charge.dispute.", StringComparison.Ordinal) => StripeKind.Dispute,
        "charge.refunded" => StripeKind.Charge,
        var t when t.StartsWith("refund.", StringComparison.Ordinal) => StripeKind.Refund,
        _ => null,
    };

    private static string? Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
        && value.GetString() is { Length: > 0 and <= MostCharacters } text ? text : null;

    private static JsonElement? Child(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } p && p.TryGetProperty(name, out var child) && child.ValueKind == JsonValueKind.Object ? child : null;

    /// <summary>Seconds in snapshot events, text in thin ones.</summary>
    private static DateTimeOffset? CreatedOf(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("created", out var created)) return null;
        if (created.ValueKind == JsonValueKind.Number)
            return created.TryGetInt64(out var seconds) && seconds is >= 0 and < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
        return created.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParse(created.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) ? at : null;
    }
}
