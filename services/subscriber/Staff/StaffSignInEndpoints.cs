using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Keys;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Mail;
using Newsletter.Subscriber.Sessions;
using Newsletter.Subscriber.SignIn;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Staff;

public sealed record StaffSignIn([Required, StringLength(EmailAddress.MaxLength), MailAddress] string Email);

/// <summary>What came with the mail: the link's token, or the address with its code.</summary>
public sealed record StaffAnswer([StringLength(64)] string? Token, [StringLength(EmailAddress.MaxLength)] string? Email, [StringLength(6)] string? Code);

/// <summary>The same for every address.</summary>
internal sealed record SignInAccepted(string Status);

/// <param name="Session">Goes into <c>Authorization: Bearer</c>.</param>
internal sealed record StaffSession(string Session, DateTimeOffset ExpiresAt);

/// <param name="Permissions">On the installation and on every publication; none for those who are no operators.</param>
internal sealed record WhoAmI(Guid? Id, string? Email, bool IsOperator, IReadOnlyList<string> Permissions, IReadOnlyList<OwnMembership> Memberships);

/// <param name="Permissions">What the caller may do there: all that the role may, or what their API key is limited to.</param>
internal sealed record OwnMembership(Guid PublicationId, string Slug, string Name, Role Role, IReadOnlyList<string> Permissions);

/// <summary>Staff sign in to the installation, as JSON; the console puts its pages on top.</summary>
internal static class StaffSignInEndpoints
{
    public static void MapStaffSignIn(this WebApplication app)
    {
        var account = app.MapGroup("/api/v1/account");
        account.MapGet("", WhoAmIAsync).ForAnyone();
        account.MapPost("/sign-in", SendAsync).ForAnyone();
        account.MapPost("/session", EnterAsync).ForAnyone();
        account.MapDelete("/session", LeaveAsync).ForAnyone().AuditedIn<SubscriberDb>();
    }

    private static async Task<Results<Ok<WhoAmI>, ProblemHttpResult>> WhoAmIAsync(Caller? caller, SubscriberDb db, CancellationToken cancellation)
    {
        if (caller is not { IsStaff: true }) return Problem.Unauthorized("This is for staff.");
        var key = await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Id == caller.Session, cancellation);
        var isOperator = caller.Role == Role.Operator;
        var id = key is null ? caller.Subject : key.CreatedBy;
        var account = await db.StaffAccounts.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, cancellation);
        var roles = await db.Memberships.AsNoTracking().Where(m => m.AccountId == id).OrderBy(m => m.PublicationId).Take(500).ToListAsync(cancellation);
        var memberships = new List<OwnMembership>();
        foreach (var role in roles)
        {
            if (await db.FindPublicationAsync(role.PublicationId, cancellation) is { } p) memberships.Add(new(p.Id, p.Slug, p.Name, role.Role, MayAt(p.Id, role.Role)));
        }
        return TypedResults.Ok(new WhoAmI(account?.Id, account?.Email, isOperator, isOperator ? Allowed(Role.Operator) : [], memberships));

        List<string> MayAt(Guid publication, Role role) => isOperator ? Allowed(Role.Operator)
            : key is { PublicationId: { } only } && only != publication ? []
            : Allowed(key?.Role ?? role);

        List<string> Allowed(Role role) =>
            Permission.Of[role].Where(p => key is null || key.Scopes.Count == 0 || key.Scopes.Contains(p)).Order(StringComparer.Ordinal).ToList();
    }

    private static async Task<Results<Accepted<SignInAccepted>, ValidationProblem>> SendAsync(
        StaffSignIn request, SubscriberDb db, LinkKeys keys, IOptions<NewsletterOptions> options, TimeProvider time, CancellationToken cancellation)
    {
        if (!EmailAddress.TryParse(request.Email, out var email)) return Problem.Field("email", "This is no address.");
        var now = time.GetUtcNow();
        var links = await keys.ReadAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await AddressLimit.TakeAsync(db, AddressRule.StaffSignInMails, null, email, time, cancellation))
        {
            var account = await db.StaffAccounts.AsNoTracking().SingleOrDefaultAsync(a => a.NormalisedEmail == email.Normalised, cancellation);
            var (challenge, token, code) = Challenge.ForSignIn(ChallengeKind.Staff, null, account?.Id, email, links, now);
            db.Add(challenge);
            if (account is not null) db.Publish(Mails.StaffSignIn(options.Value.Url, account.Email, token, code, now));
            await db.SaveChangesAsync(cancellation);
        }
        await transaction.CommitAsync(cancellation);
        return TypedResults.Accepted((string?)null, new SignInAccepted("check_inbox"));
    }

    private static async Task<Results<Ok<StaffSession>, ProblemHttpResult>> EnterAsync(
        StaffAnswer request, SubscriberDb db, LinkKeys keys, TimeProvider time, HttpContext http, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        http.Response.Headers.CacheControl = "no-store";
        var links = await keys.ReadAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var taken = request switch
        {
            { Token: not null } => await db.TakeByTokenAsync(ChallengeKind.Staff, null, request.Token, now, cancellation),
            { Code: not null } when EmailAddress.TryParse(request.Email, out var email) => await db.TakeByCodeAsync(
                ChallengeKind.Staff, AddressRule.StaffCodeTries, null, email, request.Code, links, time, cancellation),
            _ => null,
        };
        if (taken is null)
        {
            // The try counts.
            await transaction.CommitAsync(cancellation);
            return Problem.Unauthorized("This link or code is wrong, used or too old.");
        }
        var account = await db.StaffAccounts.SingleAsync(a => a.Id == taken.SubjectId, cancellation);
        account.SignedIn(now);
        var (session, value) = Session.ForStaff(account.Id, Device.NameOf(http.Request.Headers.UserAgent), now);
        db.Add(session);
        db.ActAs(http, new(account.IsOperator ? Role.Operator : Role.Author, account.Id, null, session.Id, []));
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return TypedResults.Ok(new StaffSession(value, session.ExpiresAt));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> LeaveAsync(Caller? caller, SubscriberDb db, CancellationToken cancellation)
    {
        if (caller is not { IsStaff: true }) return Problem.Unauthorized("This is for staff.");
        await db.Sessions.Where(s => s.Id == caller.Session && s.AccountId != null).ExecuteDeleteAsync(cancellation);
        return TypedResults.NoContent();
    }
}
