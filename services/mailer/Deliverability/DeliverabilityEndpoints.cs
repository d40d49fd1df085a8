using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Storage;
using DeliverabilityStatus = Newsletter.Contracts.Deliverability;

namespace Newsletter.Mailer.Deliverability;

/// <summary>Whether mail to an address arrives. Addresses are kept as keyed hashes, so a list names subscribers only.</summary>
/// <param name="Scope">What is held back: this publication's letters. Whom another one's provider told something, nobody can check here; and mail that the reader asks for goes on.</param>
/// <param name="Until">When letters are tried again by themselves; null: when staff say so.</param>
/// <param name="SoftBounces">Letters that came back lately although the address may be good; the third within 60 days, a week after the first, holds letters back.</param>
internal sealed record AddressView(
    Guid? SubscriberId, DeliverabilityStatus Status, string Reason, DateTimeOffset? Since, string Scope, DateTimeOffset? Until, int SoftBounces)
{
    private const string Letters = "letters";

    public static readonly AddressView Unknown = new(null, DeliverabilityStatus.Ok, "", null, Letters, null, 0);

    public static AddressView Of(AddressStatus row) => new(
        row.SubscriberId, row.Status, row.Reason, row.Since, Letters, row.Status == DeliverabilityStatus.Blocked ? row.Since + AddressBook.BlockLasts : null, row.SoftBounces);
}

internal static class DeliverabilityEndpoints
{
    public static void MapDeliverability(this RouteGroupBuilder api)
    {
        api.MapGet("/deliverability", GetAsync).ForStaff(Permission.SubscribersRead);
        api.MapDelete("/deliverability", ClearAsync).ForStaff(Permission.SubscribersWrite);
    }

    /// <summary>One address, or all to which mail does not go.</summary>
    private static async Task<Results<Ok<AddressView>, Ok<ListPage<AddressView>>>> GetAsync(
        CurrentPublication publication, MailerDb db, SecretKeys keys, CancellationToken cancellation,
        [FromQuery, StringLength(254, MinimumLength = 3)] string? address = null, [FromQuery, StringLength(200)] string? cursor = null, [FromQuery, Range(1, 100)] int limit = 50)
    {
        if (address is not null)
        {
            var row = await FindAsync(db, keys, publication.Id, address, cancellation);
            return TypedResults.Ok(row is null ? AddressView.Unknown : AddressView.Of(row));
        }
        var after = Cursor.Read(cursor) ?? "";
        var rows = await db.AddressStatuses.AsNoTracking()
            .Where(a => a.PublicationId == publication.Id && a.Status != DeliverabilityStatus.Ok && a.AddressHash.CompareTo(after) > 0)
            .OrderBy(a => a.AddressHash).Take(limit + 1).ToListAsync(cancellation);
        var page = rows.Take(limit).ToList();
        return TypedResults.Ok(new ListPage<AddressView>(page.ConvertAll(AddressView.Of), rows.Count > limit ? Cursor.Of(page[^1].AddressHash) : null));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ClearAsync(
        [FromQuery, Required, StringLength(254, MinimumLength = 3)] string address,
        CurrentPublication publication, MailerDb db, SecretKeys keys, AddressBook addresses, CancellationToken cancellation)
    {
        if (await FindAsync(db, keys, publication.Id, address, cancellation) is not { } row) return Problem.NotFound("Nothing is known against this address.");
        if (addresses.Clear(row, "cleared_by_staff")) await db.SaveChangesAsync(cancellation);
        return TypedResults.NoContent();
    }

    private static async Task<AddressStatus?> FindAsync(MailerDb db, SecretKeys keys, Guid publication, string address, CancellationToken cancellation)
    {
        var typed = address.Trim();
        var lower = typed.ToLowerInvariant();
        var hash = await db.Recipients.Where(r => r.PublicationId == publication && !r.Deleted && (r.NormalisedEmail == lower || r.Email == typed))
            .Select(r => r.AddressHash).FirstOrDefaultAsync(cancellation) ?? (await keys.AddressHasherAsync(cancellation)).Hash(lower);
        return await db.AddressStatuses.SingleOrDefaultAsync(a => a.PublicationId == publication && a.AddressHash == hash, cancellation);
    }
}
