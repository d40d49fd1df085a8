using MassTransit;
using Newsletter.Contracts;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.SignUp;

internal sealed partial class RegisterSubscriberConsumer(SubscriberDb db, Registrar registrar, ILogger<RegisterSubscriberConsumer> log) : IConsumer<RegisterSubscriber>
{
    public async Task Consume(ConsumeContext<RegisterSubscriber> context)
    {
        var command = context.Message;
        // The publication's own event may still be under way: the bus tries again.
        var publication = await db.FindPublicationAsync(command.PublicationId, context.CancellationToken)
            ?? throw new InvalidOperationException($"Publication {command.PublicationId} is not known here.");
        if (!EmailAddress.TryParse(command.Email, out var email))
        {
            NoAddress(command.CommandId);
            return;
        }
        await registrar.RegisterAsync(publication, email, command, context.CancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Command {CommandId} names an address that no mail can be sent to; nobody was registered")]
    private partial void NoAddress(Guid commandId);
}
