using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using Newsletter.Sandbox.Mail;
using Newsletter.Sandbox.Storage;

namespace Newsletter.Sandbox.Webhooks;

/// <summary>SendGrid's way: arrays of events, ECDSA over timestamp and raw body, for a day.</summary>
internal sealed class SendGridSender(
    SandboxDb db, SandboxKeys keys, SandboxFaults faults, IOptions<SandboxOptions> options, IHttpClientFactory clients, TimeProvider clock, ILogger<SendGridSender> log)
    : WebhookSender(WebhookQueue.SendGrid, TimeSpan.FromDays(1), db, clients, clock, log)
{
    protected override int Repeats => faults.SendGrid.RepeatEvents;

    protected override bool Shuffles => faults.SendGrid.ShuffleEvents;

    protected override async Task FillAsync(CancellationToken cancel)
    {
        if (faults.SendGrid.HoldEvents)
        {
            return;
        }

        var now = Now;
        if (Db.Read(connection => MailReports.Due(connection, now, Shuffles)) is var (mail, posts))
        {
            await Db.WriteAsync(connection => MailReports.Told(connection, mail, posts, now), cancel);
        }
    }

    protected override SignedPost? Sign(QueuedPost post, long unixSeconds)
    {
        var time = unixSeconds.ToString(CultureInfo.InvariantCulture);
        return new(options.Value.SendGridWebhookTarget, post.Body!,
        [
            ("X-Twilio-Email-Event-Webhook-Signature", keys.SignSendGrid(Encoding.UTF8.GetBytes(time + post.Body))),
            ("X-Twilio-Email-Event-Webhook-Timestamp", time),
        ]);
    }
}
