using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Mail;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Subscribers;

/// <param name="Known">Addresses that were there already; nothing of them is changed.</param>
/// <param name="RefusedLines">How many, of which the first 1,000 are told.</param>
internal sealed record ImportAnswer(int Added, int Known, int RefusedLines, IReadOnlyList<RefusedLine> Refused);

internal sealed record RefusedLine(int Line, string Reason);

/// <summary>
/// Many at once. With <c>?confirmed=true</c> (or a column of that name) staff vouch for the consent; everybody else is mailed to confirm.
/// Chunks are saved one by one, and an import that broke off is simply sent again.
/// </summary>
internal static class ImportEndpoint
{
    private const int MaxBytes = 10 << 20;
    private const int ChunkSize = 500;
    private const int MostRefusals = 1000;
    private const string Source = "import";

    public static void MapImport(this RouteGroupBuilder api) =>
        api.MapPost("/subscribers/import", ImportAsync).ForStaff(Permission.SubscribersWrite).ClosedWhileSuspended().WithMetadata(new RequestSizeLimitAttribute(MaxBytes));

    private sealed record Candidate(EmailAddress Email, Wish Wish, bool Confirmed);

    /// <param name="firstLine">For a file sent in parts: the line that this part's first person has in the whole.</param>
    private static async Task<Ok<ImportAnswer>> ImportAsync(
        bool? confirmed, [Range(1, 1_000_000_000)] int? firstLine, HttpRequest request, CurrentPublication publication, SubscriberDb db, LinkKeys keys, TimeProvider time, CancellationToken cancellation)
    {
        var refused = new List<RefusedLine>();
        var seen = new HashSet<string>();
        var candidates = new List<Candidate>();
        foreach (var row in await ImportFile.ReadAsync(request, firstLine, cancellation))
        {
            var (reason, candidate) = Check(row, confirmed ?? false, publication.Snapshot);
            if (candidate is not null && !seen.Add(candidate.Email.Normalised)) reason = "The address stands in the file twice.";
            if (reason is null) candidates.Add(candidate!);
            else refused.Add(new(row.Line, reason));
        }

        var added = 0;
        var links = await keys.ReadAsync(cancellation);
        foreach (var chunk in candidates.Chunk(ChunkSize)) added += await SaveAsync(chunk, publication, db, links, time, cancellation);
        return TypedResults.Ok(new ImportAnswer(added, candidates.Count - added, refused.Count, refused.Take(MostRefusals).ToList()));
    }

    private static (string? Reason, Candidate? Candidate) Check(ImportRow row, bool confirmed, PublicationSnapshot publication)
    {
        if (!EmailAddress.TryParse(row.Email, out var email)) return ("This is not an address that mail can be sent to.", null);
        if (!Rules.IsName(row.Name)) return ("The name is too long, or holds what does not print.", null);
        if (!Rules.IsTimeZone(row.TimeZone)) return ("The time zone is not an IANA name.", null);
        if (!Rules.AreSlugs(row.Topics)) return ("A topic is not a slug, or there are too many.", null);
        Cadence? cadence = row.Cadence switch { null => Cadence.Weekly, "every_post" => Cadence.EveryPost, "weekly" => Cadence.Weekly, "none" => Cadence.None, _ => null };
        if (cadence is null) return ("The cadence is none of every_post, weekly, none.", null);
        var wish = new Wish(Rules.CleanName(row.Name), publication.NewslettersOf(cadence.Value), row.Topics?.Distinct().ToList() ?? [], row.TimeZone, Source);
        return (null, new(email, wish, row.Confirmed ?? confirmed));
    }

    private static async Task<int> SaveAsync(
        Candidate[] chunk, CurrentPublication publication, SubscriberDb db, LinkSigner links, TimeProvider time, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            db.ChangeTracker.Clear();
            var now = time.GetUtcNow();
            var addresses = chunk.Select(c => c.Email.Normalised).ToList();
            var known = await db.Subscribers.Where(s => s.PublicationId == publication.Id && addresses.Contains(s.NormalisedEmail))
                .Select(s => s.NormalisedEmail).ToHashSetAsync(cancellation);
            var added = new List<Subscriber>();
            foreach (var candidate in chunk.Where(c => !known.Contains(c.Email.Normalised)))
            {
                var subscriber = Subscriber.SignUp(publication.Id, candidate.Email, candidate.Wish, now);
                if (candidate.Confirmed) subscriber.Confirm(now);
                else db.Publish(Mails.Confirmation(publication.Snapshot, subscriber, links, now));
                subscriber.Stamp(time);
                added.Add(subscriber);
            }
            if (added.Count == 0) return 0;
            db.AddRange(added);
            db.Publish(new SubscribersChanged(publication.Id, added.Select(s => s.ToSnapshot(links.Unsubscribe(s.Id))).ToList()));
            try
            {
                await db.SaveChangesAsync(cancellation);
                return added.Count;
            }
            catch (DbUpdateException e) when (attempt < 3 && DatabaseFailure.IsUniqueViolation(e))
            {
                // Somebody of the chunk signed up meanwhile: they are known now.
            }
        }
    }
}
