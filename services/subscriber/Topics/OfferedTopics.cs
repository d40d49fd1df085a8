using System.Buffers;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Topics;

internal static class OfferedTopics
{
    private const int Most = 40;
    private static readonly SearchValues<char> Vowels = SearchValues.Create("aeiouy");

    /// <summary>What the publication writes about most, by name; with what the reader chose before, which may not be among it.</summary>
    public static async Task<IReadOnlyList<string>> OfferedTopicsAsync(
        this SubscriberDb db, Guid publication, IReadOnlyList<string> chosen, CancellationToken cancellation)
    {
        var written = await db.PostTopics.Where(t => t.PublicationId == publication)
            .GroupBy(t => t.Topic).OrderByDescending(g => g.Sum(t => t.Uses)).ThenBy(g => g.Key).Take(Most).Select(g => g.Key)
            .ToListAsync(cancellation);
        return written.Union(chosen).Order(StringComparer.Ordinal).ToList();
    }

    /// <summary>As the publication calls it on its other pages; without a name there, as <see cref="NameOf"/> would.</summary>
    public static string NameIn(PublicationSnapshot publication, string slug) => publication.Topics.FirstOrDefault(t => t.Slug == slug)?.Name ?? NameOf(slug);

    /// <summary><c>medical-imaging</c> as <c>Medical imaging</c>, and what cannot be spoken, <c>nlp</c>, as <c>NLP</c>.</summary>
    public static string NameOf(string slug) =>
        slug.AsSpan().ContainsAny(Vowels) ? char.ToUpperInvariant(slug[0]) + slug[1..].Replace('-', ' ') : slug.ToUpperInvariant();
}
