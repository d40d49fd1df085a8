using Newsletter.Defaults.Audit;
using Newsletter.Subscriber.Addresses;

namespace Newsletter.Subscriber.Staff;

/// <summary>Somebody who works here: an installation-wide address. No import, bounce or erasure of a reader touches it.</summary>
[Audited]
internal sealed class StaffAccount
{
    private StaffAccount() { }

    public Guid Id { get; private set; }
    public string Email { get; private set; } = "";
    [NotAudited]
    public string NormalisedEmail { get; private set; } = "";
    public bool IsOperator { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset? LastSignInAt { get; private set; }

    public static StaffAccount Create(EmailAddress email, DateTimeOffset now, bool isOperator = false) => new()
    {
        Id = Guid.CreateVersion7(now),
        Email = email.Typed,
        NormalisedEmail = email.Normalised,
        IsOperator = isOperator,
        CreatedAt = now,
    };

    public void SignedIn(DateTimeOffset now) => LastSignInAt = now;

    public void MakeOperator() => IsOperator = true;
}
