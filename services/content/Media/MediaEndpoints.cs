using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Content.Pages;
using Newsletter.Content.Posts;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;

namespace Newsletter.Content.Media;

/// <summary>Images of posts. Kept in the database, so that a backup is whole and any process can serve them.</summary>
internal static class MediaEndpoints
{
    private const int Largest = 5 << 20;

    public static void MapMedia(this WebApplication app)
    {
        var media = app.MapPublication<ContentDb>("/api/v1/publications/{p}/media").WithTags("Media");
        media.MapGet("", ListAsync).ForStaff(Permission.PostsRead);
        media.MapPost("", UploadAsync).ForStaff(Permission.PostsWrite).WithMetadata(new LargestBodyMetadata(Largest)).Accepts<IFormFile>("image/png", "image/jpeg", "image/webp", "image/gif");
        app.MapRead("/media/{id:guid}", GetAsync).ForAnyone().ExcludeFromDescription();
    }

    /// <summary>The body is the image itself. What it is is told by its first bytes, not by what the client calls it.</summary>
    private static async Task<Results<Created<MediumAnswer>, ProblemHttpResult>> UploadAsync(
        HttpRequest request, KnownPublication publication, ContentDb db, IOptions<NewsletterOptions> options, TimeProvider time, CancellationToken cancellation)
    {
        if (request.ContentLength > Largest) return Problem.Of(StatusCodes.Status413PayloadTooLarge, "An image may have 5 MB.");
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, cancellation);
        var bytes = buffer.ToArray();
        if (TypeOf(bytes) is not { } type) return Problem.Of(StatusCodes.Status415UnsupportedMediaType, "Images are PNG, JPEG, WebP or GIF.");
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var stored = db.Media.Where(m => m.PublicationId == publication.Snapshot.Id && m.Hash == hash).Select(m => (Guid?)m.Id);
        var id = await stored.SingleOrDefaultAsync(cancellation);
        if (id is null)
        {
            id = Guid.CreateVersion7();
            var size = ImageSize.Of(bytes, type);
            db.Add(new Medium
            {
                Id = id.Value,
                PublicationId = publication.Snapshot.Id,
                ContentType = type,
                Hash = hash,
                Width = size?.Width,
                Height = size?.Height,
                Bytes = bytes,
                CreatedAt = time.GetUtcNow(),
            });
            try
            {
                await db.SaveChangesAsync(cancellation);
            }
            catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
            {
                // The same image, uploaded at the same moment.
                id = (await stored.SingleAsync(cancellation))!.Value;
            }
        }
        var url = UrlOf(options, id.Value);
        return TypedResults.Created(url, new MediumAnswer(id.Value, url, type));
    }

    /// <summary>Newest first.</summary>
    private static async Task<Ok<ListPage<MediumView>>> ListAsync(
        KnownPublication publication, ContentDb db, IOptions<NewsletterOptions> options, CancellationToken cancellation, string? cursor = null, int limit = 50)
    {
        var size = Math.Clamp(limit, 1, 100);
        var before = Cursor.Read(cursor) is not { } text ? Guid.AllBitsSet
            : Guid.TryParseExact(text, "N", out var last) ? last : throw new BadHttpRequestException("The cursor is not one that this list gave.");
        var media = await db.Media.Where(m => m.PublicationId == publication.Snapshot.Id && m.Id < before).OrderByDescending(m => m.Id).Take(size + 1)
            .Select(m => new { m.Id, m.ContentType, m.Width, m.Height, m.CreatedAt }).ToListAsync(cancellation);
        return TypedResults.Ok(new ListPage<MediumView>(
            [.. media.Take(size).Select(m => new MediumView(m.Id, UrlOf(options, m.Id), m.ContentType, m.Width, m.Height, m.CreatedAt))],
            media.Count > size ? Cursor.Of(media[size - 1].Id.ToString("N")) : null));
    }

    private static string UrlOf(IOptions<NewsletterOptions> options, Guid id) => $"{new Uri(options.Value.Url).GetLeftPart(UriPartial.Authority)}/media/{id}";

    private static async Task<IResult> GetAsync(Guid id, ContentDb db, HttpResponse response, CancellationToken cancellation)
    {
        var medium = await db.Media.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id, cancellation);
        if (medium is null) return Problem.NotFound("There is no such image.");
        response.Headers.CacheControl = "public, max-age=31536000, immutable";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        return TypedResults.Bytes(medium.Bytes, medium.ContentType, entityTag: new($"\"{medium.Hash[..16]}\""));
    }

    private static string? TypeOf(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => "image/png",
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => "image/gif",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "image/webp",
        _ => null,
    };
}

internal sealed record MediumAnswer(Guid Id, string Url, string ContentType);

/// <param name="Width">In pixels; null for images that were uploaded before sizes were looked at, and where the file does not say.</param>
internal sealed record MediumView(Guid Id, string Url, string ContentType, int? Width, int? Height, DateTimeOffset CreatedAt);
