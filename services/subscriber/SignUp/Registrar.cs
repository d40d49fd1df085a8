using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Storage;
using Newsletter.Defaults.Telemetry;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Mail;
using Newsletter.Subscriber.SignIn;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.SignUp;

/// <summary>
/// Takes an address down, in one transaction, whichever way it came. Nobody but the mailbox learns whether it was known:
/// a new or pending address gets a confirmation, a confirmed one a way to sign in, and both ways write about as much.
/// </summary>
internal sealed class Registrar(SubscriberDb db, LinkKeys linkKeys, TimeProvider time)
{
    private static readonly Counter<long> SignUps = NewsletterTelemetry.Meter.CreateCounter<long>("newsletter.sign_ups", "{sign_up}", "Sign-ups by what came of them");

    public Task SignUpAsync(PublicationSnapshot publication, EmailAddress email, Wish wish, CancellationToken cancellation) =>
        TwiceAsync(() => SignUpOnceAsync(publication, email, wish, cancellation));

    private async Task SignUpOnceAsync(PublicationSnapshot publication, EmailAddress email, Wish wish, CancellationToken cancellation)
    {
        var links = await linkKeys.ReadAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var mayMail = await AddressLimit.TakeAsync(db, AddressRule.SignUpMails, publication.Id, email, time, cancellation);
        var outcome = await TakeDownAsync(publication, email, wish, links, mayMail, null, cancellation);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        SignUps.Add(1, new KeyValuePair<string, object?>("outcome", mayMail ? outcome : "limited"));
    }

    /// <summary>For someone who paid before we knew them. A second delivery of the command finds its row and does nothing.</summary>
    public Task RegisterAsync(PublicationSnapshot publication, EmailAddress email, RegisterSubscriber command, CancellationToken cancellation) => TwiceAsync(async () =>
    {
        if (await db.HandledCommands.AnyAsync(c => c.Id == command.CommandId, cancellation)) return;
        var links = await linkKeys.ReadAsync(cancellation);
        db.Add(new HandledCommand(command.CommandId, time.GetUtcNow()));
        var wish = new Wish(Rules.IsName(command.Name) ? Rules.CleanName(command.Name) : null, publication.NewslettersOf(Cadence.Weekly), [], null, command.Source);
        await TakeDownAsync(publication, email, wish, links, mayMail: true, command.CommandId, cancellation);
        await db.SaveChangesAsync(cancellation);
    });

    private async Task<string> TakeDownAsync(
        PublicationSnapshot publication, EmailAddress email, Wish wish, LinkSigner links, bool mayMail, Guid? mailId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var known = await db.Subscribers.SingleOrDefaultAsync(s => s.PublicationId == publication.Id && s.NormalisedEmail == email.Normalised, cancellation);
        if (known is { IsConfirmed: true })
        {
            var (challenge, token, _) = Challenge.ForSignIn(ChallengeKind.Reader, publication.Id, known.Id, email, links, now);
            if (!mayMail) return "known";
            db.Add(challenge);
            db.Publish(Mails.AlreadySubscribed(publication, known, token, now));
            return "known";
        }

        var subscriber = known;
        if (subscriber is null) db.Add(subscriber = Subscriber.SignUp(publication.Id, email, wish, now));
        else subscriber.Ask(wish);
        if (mayMail) db.Publish(Mails.Confirmation(publication, subscriber, links, now, mailId));
        db.PublishChange(subscriber, links, time);
        return known is null ? "new" : "pending";
    }

    /// <summary>Two who bring the same new address at once: the second finds what the first wrote.</summary>
    private async Task TwiceAsync(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e) || e is DbUpdateConcurrencyException)
        {
            db.ChangeTracker.Clear();
            await write();
        }
    }
}
