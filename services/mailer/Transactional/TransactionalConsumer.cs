using MassTransit;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Transactional;

/// <summary>Keeps the mail as a row by its id: a second copy of the command finds it there.</summary>
internal sealed class SendTransactionalMailConsumer(MailerDb db, TransactionalWorker worker, SharedClock clock) : IConsumer<SendTransactionalMail>
{
    public async Task Consume(ConsumeContext<SendTransactionalMail> context)
    {
        db.ChangeTracker.Clear();
        if (await db.TransactionalMails.AnyAsync(m => m.Id == context.Message.MailId, context.CancellationToken)) return;
        db.Add(TransactionalMail.Of(context.Message, await clock.NowAsync(context.CancellationToken)));
        try
        {
            await db.SaveChangesAsync(context.CancellationToken);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            return;
        }
        worker.Wake();
    }
}
