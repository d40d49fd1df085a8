using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Identity;

namespace Newsletter.Subscriber.Staff;

/// <summary>A staff account's role in one publication.</summary>
[Audited]
internal sealed class Membership
{
    private Membership() { }

    public Guid AccountId { get; private set; }
    public Guid PublicationId { get; private set; }
    public Role Role { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public StaffAccount Account { get; private set; } = null!;

    public static Membership Create(Guid account, Guid publication, Role role, DateTimeOffset now) =>
        new() { AccountId = account, PublicationId = publication, Role = role, CreatedAt = now };

    public void Become(Role role) => Role = role;
}
