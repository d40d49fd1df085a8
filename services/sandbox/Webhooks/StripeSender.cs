using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Newsletter.Sandbox.Storage;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Webhooks;

/// <summary>Stripe's way: one event a post, HMAC-SHA256 over <c>{t}.{body}</c>, for three days.</summary>
internal sealed class StripeSender(
    SandboxDb db, SandboxKeys keys, SandboxFaults faults, IOptions<SandboxOptions> options, IHttpClientFactory clients, TimeProvider clock, ILogger<StripeSender> log)
    : WebhookSender(WebhookQueue.Stripe, TimeSpan.FromDays(3), db, clients, clock, log)
{
    protected override int Repeats => faults.Stripe.Repeat;

    protected override bool Shuffles => faults.Stripe.Shuffle;

    protected override TimeSpan Hold => TimeSpan.FromMilliseconds(faults.Stripe.HoldMs);

    protected override bool IsLost() => faults.TakeDrop();

    protected override SignedPost? Sign(QueuedPost post, long unixSeconds) => Db.Read(connection =>
    {
        var body = connection.Scalar<string>("SELECT json FROM stripe_events WHERE id = $id", ("$id", post.EventId));
        var receiver = post.Endpoint is null
            ? null
            : connection.Scalar<string>("SELECT json FROM stripe_objects WHERE id = $id", ("$id", post.Endpoint));
        if (body is null || (post.Endpoint is not null && receiver is null))
        {
            return null;
        }

        var endpoint = receiver is null ? null : Json.Parse(receiver);
        var signature = Signature(endpoint?.Text("_secret") ?? keys.StripeWebhookSecret, unixSeconds, body);
        return new SignedPost(endpoint?.Text("url") ?? options.Value.StripeWebhookTarget, body, [("Stripe-Signature", signature)]);
    });

    public static string Signature(string secret, long unixSeconds, string body)
    {
        var time = unixSeconds.ToString(CultureInfo.InvariantCulture);
        var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{time}.{body}"));
        return $"t={time},v1={Convert.ToHexStringLower(mac)}";
    }
}
