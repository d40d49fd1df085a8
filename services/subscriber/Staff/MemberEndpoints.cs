using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Mail;
using Newsletter.Subscriber.SignIn;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Staff;

public sealed record NewMember([Required, StringLength(EmailAddress.MaxLength), MailAddress] string Email, [Required] Role? Role);

public sealed record MemberChange([Required] Role? Role);

internal sealed record MemberView(Guid Id, string Email, Role Role, DateTimeOffset CreatedAt, DateTimeOffset? LastSignInAt)
{
    public static MemberView Of(Membership m) => new(m.AccountId, m.Account.Email, m.Role, m.CreatedAt, m.Account.LastSignInAt);
}

/// <summary>The staff of a publication. There is always an owner left, and nobody gives a role that may more than they do.</summary>
internal static class MemberEndpoints
{
    public static void MapMembers(this RouteGroupBuilder api)
    {
        api.MapGet("/members", ListAsync).ForStaff(Permission.StaffWrite);
        api.MapPost("/members", InviteAsync).ForStaff(Permission.StaffWrite);
        api.MapPatch("/members/{id:guid}", ChangeAsync).ForStaff(Permission.StaffWrite);
        api.MapDelete("/members/{id:guid}", RemoveAsync).ForStaff(Permission.StaffWrite);
    }

    private static async Task<Results<Ok<ListPage<MemberView>>, ValidationProblem>> ListAsync(
        string? cursor, [Range(1, 100)] int? limit, CurrentPublication publication, SubscriberDb db, CancellationToken cancellation)
    {
        var query = db.Memberships.AsNoTracking().Include(m => m.Account).Where(m => m.PublicationId == publication.Id);
        if (Cursor.Read(cursor) is { } after)
        {
            if (!Guid.TryParse(after, out var last)) return Problem.Field("cursor", "The cursor is not one that this list gave.");
            query = query.Where(m => m.AccountId.CompareTo(last) > 0);
        }
        var take = limit ?? 50;
        var rows = await query.OrderBy(m => m.AccountId).Take(take + 1).ToListAsync(cancellation);
        return TypedResults.Ok(new ListPage<MemberView>(
            rows.Take(take).Select(MemberView.Of).ToList(), rows.Count > take ? Cursor.Of(rows[take - 1].AccountId.ToString()) : null));
    }

    private static async Task<Results<Created<MemberView>, ValidationProblem, ProblemHttpResult>> InviteAsync(
        NewMember request, CurrentPublication publication, Caller caller, SubscriberDb db, LinkKeys keys, IOptions<NewsletterOptions> options, TimeProvider time,
        CancellationToken cancellation)
    {
        if (!IsStaffRole(request.Role)) return NoSuchRole();
        if (!MayGive(caller, request.Role!.Value)) return MayNotGive();
        if (!EmailAddress.TryParse(request.Email, out var email)) return Problem.Field("email", "This is no address.");
        var now = time.GetUtcNow();
        var account = await db.StaffAccounts.SingleOrDefaultAsync(a => a.NormalisedEmail == email.Normalised, cancellation);
        if (account is null) db.Add(account = StaffAccount.Create(email, now));
        else if (await db.Memberships.AnyAsync(m => m.PublicationId == publication.Id && m.AccountId == account.Id, cancellation))
            return Problem.Conflict("They are a member already.");

        db.Add(Membership.Create(account.Id, publication.Id, request.Role.Value, now));
        var (challenge, token, code) = Challenge.ForSignIn(ChallengeKind.Staff, null, account.Id, email, await keys.ReadAsync(cancellation), now);
        db.Add(challenge);
        db.Publish(Mails.StaffSignIn(options.Value.Url, account.Email, token, code, now));
        await db.SaveChangesAsync(cancellation);
        return TypedResults.Created(
            $"/api/v1/publications/{publication.Slug}/members/{account.Id}", new MemberView(account.Id, account.Email, request.Role.Value, now, account.LastSignInAt));
    }

    private static async Task<Results<Ok<MemberView>, ValidationProblem, ProblemHttpResult>> ChangeAsync(
        Guid id, MemberChange request, CurrentPublication publication, Caller caller, SubscriberDb db, TimeProvider time, CancellationToken cancellation)
    {
        if (!IsStaffRole(request.Role)) return NoSuchRole();
        if (!MayGive(caller, request.Role!.Value)) return MayNotGive();
        if (await FindAsync(id, publication, db, cancellation) is not { } member) return NotThere();
        if (request.Role != Role.Owner && await IsLastOwnerAsync(member, db, cancellation)) return OwnerNeeded();
        member.Become(request.Role.Value);
        await RevokeKeysAboveAsync(member.Role, id, publication, db, time, cancellation);
        await db.SaveChangesAsync(cancellation);
        return TypedResults.Ok(MemberView.Of(member));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        Guid id, CurrentPublication publication, SubscriberDb db, TimeProvider time, CancellationToken cancellation)
    {
        if (await FindAsync(id, publication, db, cancellation) is not { } member) return NotThere();
        if (await IsLastOwnerAsync(member, db, cancellation)) return OwnerNeeded();
        db.Remove(member);
        await RevokeKeysAboveAsync(Role.Reader, id, publication, db, time, cancellation);
        await db.SaveChangesAsync(cancellation);
        return TypedResults.NoContent();
    }

    /// <summary>Nobody keeps by a key what they lost as a member.</summary>
    private static async Task RevokeKeysAboveAsync(Role role, Guid account, CurrentPublication publication, SubscriberDb db, TimeProvider time, CancellationToken cancellation)
    {
        var keys = await db.ApiKeys.Where(k => k.PublicationId == publication.Id && k.CreatedBy == account && k.RevokedAt == null).ToListAsync(cancellation);
        foreach (var key in keys.Where(k => k.Role > role)) key.Revoke(time.GetUtcNow());
    }

    private static bool IsStaffRole(Role? role) => role is Role.Author or Role.Editor or Role.Owner;

    private static bool MayGive(Caller caller, Role role) => Permission.Of[role].All(caller.May);

    private static Task<Membership?> FindAsync(Guid id, CurrentPublication publication, SubscriberDb db, CancellationToken cancellation) =>
        db.Memberships.Include(m => m.Account).SingleOrDefaultAsync(m => m.PublicationId == publication.Id && m.AccountId == id, cancellation);

    private static async Task<bool> IsLastOwnerAsync(Membership member, SubscriberDb db, CancellationToken cancellation) =>
        member.Role == Role.Owner
        && !await db.Memberships.AnyAsync(m => m.PublicationId == member.PublicationId && m.Role == Role.Owner && m.AccountId != member.AccountId, cancellation);

    private static ValidationProblem NoSuchRole() => Problem.Field("role", "A member is author, editor or owner.");

    private static ProblemHttpResult MayNotGive() => Problem.Forbidden("A member may not do more than whoever gives them the role.");

    private static ProblemHttpResult NotThere() => Problem.NotFound("There is no such member.");

    private static ProblemHttpResult OwnerNeeded() => Problem.Conflict("A publication needs an owner; make somebody else one first.");
}
