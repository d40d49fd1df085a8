using MassTransit;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.SignUp;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Unsubscribing;

/// <summary>Who leaves by a button of their mailbox, of which its provider tells by mail, leaves as by the letter's own link.</summary>
internal sealed class EndConsentConsumer(SubscriberDb db, LinkKeys keys, TimeProvider time) : IConsumer<EndConsent>
{
    private const string Source = "mailbox-provider";

    public async Task Consume(ConsumeContext<EndConsent> context)
    {
        var (command, cancellation) = (context.Message, context.CancellationToken);
        // Told again when they have come back in the meantime, it must not end what they wanted since.
        if (await db.HandledCommands.AnyAsync(c => c.Id == command.CommandId, cancellation)) return;
        // Who is erased gets no mail either.
        if (await db.Subscribers.SingleOrDefaultAsync(s => s.Id == command.SubscriberId && s.PublicationId == command.PublicationId, cancellation) is not { } subscriber) return;
        db.Add(new HandledCommand(command.CommandId, time.GetUtcNow()));
        if (subscriber.Leave(command.NewsletterId, Source, time.GetUtcNow())) db.PublishChange(subscriber, await keys.ReadAsync(cancellation), time);
        await db.SaveChangesAsync(cancellation);
    }
}
