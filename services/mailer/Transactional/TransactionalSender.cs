using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Storage;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Pace;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;
using NodaTime;

namespace Newsletter.Mailer.Transactional;

/// <summary>Claims one mail and sends it. One that was lost in mid-send goes out again under the same Message-ID: twice is better than never to sign in.</summary>
internal sealed class TransactionalSender(MailerDb db, PublicationMails mails, MailSenders senders, SecretKeys keys, PaceDesk pace, SharedClock clock)
{
    /// <summary>Renewed while the provider takes its time; someone waits for what a killed process was sending.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(75);

    public async Task SendAsync(Guid id, CancellationToken cancellation)
    {
        var lease = Guid.CreateVersion7();
        if (!await ClaimAsync(id, lease, cancellation)) return;
        var mail = await db.TransactionalMails.SingleAsync(m => m.Id == id, cancellation);
        var now = await clock.NowAsync(cancellation);
        if (mail.ExpiresAt <= now)
        {
            mail.Expired(now);
            DeliveryMetrics.Mailed("expired");
        }
        else
        {
            ActivityContext.TryParse(mail.TraceParent, mail.TraceState, isRemote: true, out var parent);
            var publication = mail.PublicationId is { } tenant ? await db.FindPublicationAsync(tenant, cancellation) : null;
            if (mail.PublicationId is not null && publication is null)
            {
                // The command was faster than the event that tells of its publication.
                mail.TryAgain("publication_unknown", now + Backoff.After(mail.Attempts));
                await db.SaveChangesAsync(cancellation);
                return;
            }
            var own = publication is null ? null : await mails.OfAsync(publication.Id, cancellation);
            var account = (own?.Route ?? mails.Installation).Choose();
            if (await pace.OvertakeAsync(db, account, own?.ZoneOf(account) ?? DateTimeZone.Utc, cancellation) is { } until)
            {
                mail.TryAgain("held", until);
                await db.SaveChangesAsync(cancellation);
                return;
            }
            var from = own is null ? new(senders.Installation, null, null) : senders.Of(own, publication!, null, account.Name);
            using var step = NewsletterTelemetry.Activities.StartActivity($"mail send {account.Name}", ActivityKind.Client, parent);
            var letters = Write(mail, publication, from, new LetterIds(await keys.GetAsync(SecretKeys.MessageIds, cancellation)));
            Record(mail, await CallAsync(account, letters, id, lease), await clock.NowAsync(CancellationToken.None));
        }
        await db.SaveChangesAsync(CancellationToken.None);
    }

    /// <summary>A mail server may take ten minutes: until then nobody else takes the mail for lost.</summary>
    private async Task<SendOutcome> CallAsync(ProviderAccount account, OutgoingBatch letters, Guid id, Guid lease)
    {
        var sending = account.SendAsync(letters, CancellationToken.None);
        using var timer = new PeriodicTimer(Lease / 3);
        while (await Task.WhenAny(sending, timer.WaitForNextTickAsync().AsTask()) != sending)
        {
            try
            {
                var until = await clock.NowAsync(CancellationToken.None) + Lease;
                await db.TransactionalMails.Where(m => m.Id == id && m.LeaseId == lease).ExecuteUpdateAsync(s => s.SetProperty(m => m.LeaseUntil, until), CancellationToken.None);
            }
            catch (Exception e) when (DatabaseFailure.IsAway(e))
            {
                // The next time comes soon.
            }
        }
        return (await sending)[0];
    }

    private async Task<bool> ClaimAsync(Guid id, Guid lease, CancellationToken cancellation)
    {
        var now = await clock.NowAsync(cancellation);
        return await db.TransactionalMails
            .Where(m => m.Id == id && ((m.State == TransactionalState.Queued && m.DueAt <= now) || (m.State == TransactionalState.Sending && m.LeaseUntil < now)))
            .ExecuteUpdateAsync(s => s
                .SetProperty(m => m.State, TransactionalState.Sending)
                .SetProperty(m => m.LeaseId, lease)
                .SetProperty(m => m.LeaseUntil, now + Lease)
                .SetProperty(m => m.Attempts, m => m.Attempts + 1), cancellation) == 1;
    }

    private static void Record(TransactionalMail mail, SendOutcome outcome, DateTimeOffset now)
    {
        switch (outcome)
        {
            case SendOutcome.Accepted accepted:
                mail.Sent(accepted.ProviderMessageId, now);
                break;
            case SendOutcome.Rejected rejected:
                mail.Failed(rejected.Code, now);
                break;
            case SendOutcome.Deferred deferred:
                // An account that asked us to wait lets mail to one person out first, right then.
                mail.TryAgain(deferred.Code, deferred.Holds == HoldScope.Account && deferred.RetryAfter is { } asked ? now + asked : now + Backoff.After(mail.Attempts, deferred.RetryAfter));
                break;
            case SendOutcome.Unknown unknown:
                mail.TryAgain(unknown.Code, now + Backoff.After(mail.Attempts));
                break;
        }
        DeliveryMetrics.Mailed(ProviderMetrics.WordOf(outcome));
    }

    private OutgoingBatch Write(TransactionalMail mail, PublicationSnapshot? publication, LetterSender sender, LetterIds ids)
    {
        var from = sender.From;
        var frame = publication is null ? senders.InstallationFrame : TransactionalFrame.Of(publication);
        var letter = TransactionalRenderer.Render(frame, mail.Template, mail.Values);
        var headers = new Dictionary<string, string> { ["Auto-Submitted"] = "auto-generated" };
        if (mail.Values.TryGetValue("unsubscribe", out var unsubscribe))
        {
            headers["List-Unsubscribe"] = $"<{unsubscribe}>";
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click";
        }
        var args = new Dictionary<string, string> { [CustomArgs.Mail] = mail.Id.ToString("N") };
        if (publication is not null) args[CustomArgs.Publication] = publication.Id.ToString("N");
        return new()
        {
            From = from,
            ReplyTo = sender.ReplyTo,
            Dkim = sender.Dkim,
            Subject = letter.Subject,
            Html = letter.Html,
            Text = letter.Text,
            Headers = headers,
            Categories = ["transactional", mail.Template.ToString().ToLowerInvariant()],
            Letters =
            [
                new()
                {
                    Key = mail.Id.ToString("N"),
                    To = new(mail.To, mail.ToName),
                    MessageId = ids.Of(mail.Id, from.Address),
                    CustomArgs = args,
                },
            ],
        };
    }
}
