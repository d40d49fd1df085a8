using Newsletter.Defaults.Audit;

namespace Newsletter.Subscriber;

/// <summary>That somebody wants a newsletter, since when and by which way. Withdrawn ones stay as history; a new yes is a new row.</summary>
[Audited]
internal sealed class Consent
{
    private Consent() { }

    public Guid Id { get; private set; }
    public Guid SubscriberId { get; private set; }
    public Guid NewsletterId { get; private set; }
    public DateTimeOffset GivenAt { get; private set; }
    public string Source { get; private set; } = "";
    public DateTimeOffset? WithdrawnAt { get; private set; }
    public string? WithdrawnBy { get; private set; }

    public bool Stands => WithdrawnAt is null;

    public static Consent Give(Guid newsletter, string source, DateTimeOffset now) =>
        new() { Id = Guid.CreateVersion7(now), NewsletterId = newsletter, GivenAt = now, Source = source };

    public void Withdraw(string source, DateTimeOffset now) => (WithdrawnAt, WithdrawnBy) = (now, source);
}
