using System.Diagnostics;
using Newsletter.Contracts;

namespace Newsletter.Mailer.Storage;

public enum TransactionalState : short { Queued = 0, Sending = 1, Sent = 2, Failed = 3, Expired = 4 }

/// <summary>One mail to one person, now. Address and values are wiped once it is over.</summary>
public sealed class TransactionalMail
{
    private TransactionalMail() { }

    /// <summary>The sender's <c>MailId</c>: asking twice mails once.</summary>
    public Guid Id { get; private set; }
    public Guid? PublicationId { get; private set; }
    public Guid? SubscriberId { get; private set; }
    public string To { get; private set; } = "";
    public string? ToName { get; private set; }
    public TransactionalTemplate Template { get; private set; }
    public IReadOnlyDictionary<string, string> Values { get; private set; } = new Dictionary<string, string>();
    public TransactionalState State { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset ExpiresAt { get; private set; }
    public DateTimeOffset DueAt { get; private set; }
    public int Attempts { get; private set; }
    public Guid? LeaseId { get; private set; }
    public DateTimeOffset? LeaseUntil { get; private set; }
    public DateTimeOffset? FinishedAt { get; private set; }
    public string? ProviderMessageId { get; private set; }
    public string? Error { get; private set; }
    public string? TraceParent { get; private set; }
    public string? TraceState { get; private set; }

    public static TransactionalMail Of(SendTransactionalMail command, DateTimeOffset now) => new()
    {
        Id = command.MailId,
        PublicationId = command.PublicationId,
        SubscriberId = command.SubscriberId,
        To = command.To,
        ToName = command.ToName,
        Template = command.Template,
        Values = command.Values,
        CreatedAt = now,
        DueAt = now,
        ExpiresAt = command.ExpiresAt,
        TraceParent = Activity.Current?.Id,
        TraceState = Activity.Current?.TraceStateString,
    };

    public void Sent(string? providerMessageId, DateTimeOffset now) => Over(TransactionalState.Sent, now, null, providerMessageId);

    public void Failed(string code, DateTimeOffset now) => Over(TransactionalState.Failed, now, code);

    public void Expired(DateTimeOffset now) => Over(TransactionalState.Expired, now, Error);

    public void TryAgain(string code, DateTimeOffset dueAt) =>
        (State, Error, DueAt, LeaseId, LeaseUntil) = (TransactionalState.Queued, code, dueAt, null, null);

    public void Erase(DateTimeOffset now)
    {
        if (State is TransactionalState.Queued or TransactionalState.Sending) Over(TransactionalState.Failed, now, "erased");
        SubscriberId = null;
    }

    private void Over(TransactionalState state, DateTimeOffset now, string? error, string? providerMessageId = null)
    {
        (State, FinishedAt, Error, ProviderMessageId) = (state, now, error, providerMessageId);
        (To, ToName, Values) = ("", null, new Dictionary<string, string>());
        (LeaseId, LeaseUntil) = (null, null);
    }
}
