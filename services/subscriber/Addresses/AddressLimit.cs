using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Addresses;

/// <summary>What one address may cause within a window. The gateway limits networks; this limits what a hundred networks do to one mailbox.</summary>
/// <param name="Kind">Keeps the counts of different deeds apart.</param>
internal sealed record AddressRule(string Kind, int Most, TimeSpan Window)
{
    public static readonly AddressRule SignUpMails = new("sign-up", 3, TimeSpan.FromHours(1));
    public static readonly AddressRule SignInMails = new("sign-in", 5, TimeSpan.FromHours(1));
    public static readonly AddressRule StaffSignInMails = new("staff-sign-in", 5, TimeSpan.FromHours(1));
    public static readonly AddressRule AddressChangeMails = new("address-change", 3, TimeSpan.FromHours(1));
    /// <summary>One in 200,000 for whoever guesses at a six-digit code.</summary>
    public static readonly AddressRule CodeTries = new("code", 5, TimeSpan.FromMinutes(15));
    public static readonly AddressRule StaffCodeTries = new("staff-code", 5, TimeSpan.FromMinutes(15));
}

/// <summary>A count, kept under a hash: unknown addresses are counted like known ones, and none is stored for it.</summary>
internal sealed class AddressLimit
{
    private AddressLimit() { }

    public byte[] Key { get; private set; } = [];
    public int Uses { get; private set; }
    /// <summary>The window's end in microseconds since 1970: the statement below is the same in both databases.</summary>
    public long Until { get; private set; }

    /// <summary>Counts one use, in the caller's transaction if there is one, and answers whether it is still allowed. Callers for the same address queue here.</summary>
    public static async Task<bool> TakeAsync(
        SubscriberDb db, AddressRule rule, Guid? publication, EmailAddress address, TimeProvider time, CancellationToken cancellation)
    {
        var key = KeyOf(rule.Kind, publication, MailboxOf(address));
        var now = HybridClock.Now(time);
        var until = now + (long)rule.Window.TotalMicroseconds;
        var uses = await db.Database.SqlQuery<int>($"""
            INSERT INTO address_limits (key, uses, until) VALUES ({key}, 1, {until})
            ON CONFLICT (key) DO UPDATE SET
              uses = CASE WHEN address_limits.until <= {now} THEN 1 ELSE address_limits.uses + 1 END,
              until = CASE WHEN address_limits.until <= {now} THEN excluded.until ELSE address_limits.until END
            RETURNING uses AS "Value"
            """).ToListAsync(cancellation);
        return uses[0] <= rule.Most;
    }

    /// <summary>Of one address, or of the mailbox behind several.</summary>
    public static byte[] KeyOf(string kind, Guid? publication, string address) => SHA256.HashData(Encoding.UTF8.GetBytes($"{kind} {publication} {address}"));

    /// <summary>Without the tag: <c>ada+1@…</c>, <c>ada+2@…</c> and so on without end come to one mailbox with most providers. Elsewhere each is an address of its own.</summary>
    private static string MailboxOf(EmailAddress address)
    {
        var normalised = address.Normalised;
        var at = normalised.LastIndexOf('@');
        var tag = normalised.IndexOf('+', StringComparison.Ordinal);
        return tag > 0 && tag < at ? normalised.Remove(tag, at - tag) : normalised;
    }
}
