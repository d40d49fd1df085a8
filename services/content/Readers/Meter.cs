using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Storage;

namespace Newsletter.Content.Readers;

/// <summary>
/// Which gated posts a reader opened this month: signed in, in the database; anonymous, in a protected cookie alone,
/// so a visitor who clears it begins anew.
/// </summary>
internal sealed class Meter(IDataProtectionProvider protection, TimeProvider time)
{
    // 16 bytes each: with more, the cookie would pass 4 KB.
    private const int AtMostInCookie = 100;
    private readonly IDataProtector _protector = protection.CreateProtector("content.meter");

    public async Task<IReadOnlyCollection<Guid>> ReadAsync(HttpContext http, ContentDb db, Caller? caller, KnownPublication publication, CancellationToken cancellation)
    {
        if (caller is { IsStaff: false })
        {
            var month = MeterRead.MonthOf(time.GetUtcNow());
            return await db.MeterReads.AsNoTracking().Where(r => r.SubscriberId == caller.Subject && r.Month == month).Select(r => r.PostId).ToListAsync(cancellation);
        }
        return http.Request.Cookies[NameOf(publication)] is { Length: < 4096 } cookie ? Open(cookie, publication.Snapshot.Id) : [];
    }

    public async Task TakeAsync(
        HttpContext http, ContentDb db, Caller? caller, KnownPublication publication, IReadOnlyCollection<Guid> read, Guid post, CancellationToken cancellation)
    {
        var month = MeterRead.MonthOf(time.GetUtcNow());
        if (caller is null)
        {
            http.Response.Cookies.Append(NameOf(publication), Seal(publication.Snapshot.Id, month, [.. read.TakeLast(AtMostInCookie - 1), post]), new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Lax,
                Path = "/",
                Secure = SessionCookie.IsSecure(publication.Snapshot.BaseUrl),
                Expires = time.GetUtcNow().AddDays(31),
            });
            return;
        }
        db.Add(new MeterRead { SubscriberId = caller.Subject, Month = month, PostId = post, PublicationId = publication.Snapshot.Id });
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            // Two tabs at once: it is counted, which is all that either wants.
            db.ChangeTracker.Clear();
        }
    }

    private string Seal(Guid publication, int month, IReadOnlyCollection<Guid> posts)
    {
        byte[] content = [.. publication.ToByteArray(), .. BitConverter.GetBytes(month), .. posts.SelectMany(p => p.ToByteArray())];
        return Convert.ToBase64String(_protector.Protect(content));
    }

    private Guid[] Open(string cookie, Guid publication)
    {
        try
        {
            var content = _protector.Unprotect(Convert.FromBase64String(cookie)).AsSpan();
            if (content.Length < 20 || new Guid(content[..16]) != publication || BitConverter.ToInt32(content[16..20]) != MeterRead.MonthOf(time.GetUtcNow())) return [];
            var posts = new Guid[(content.Length - 20) / 16];
            for (var i = 0; i < posts.Length; i++) posts[i] = new Guid(content.Slice(20 + i * 16, 16));
            return posts;
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            // Made up, or of a key that is gone: as though there were none.
            return [];
        }
    }

    private static string NameOf(KnownPublication publication) =>
        new Uri(publication.Snapshot.BaseUrl).AbsolutePath == "/" ? "meter" : $"meter-{publication.Snapshot.Slug}";
}
