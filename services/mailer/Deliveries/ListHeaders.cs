using Newsletter.Contracts;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Headers of list mail: RFC 2919, RFC 8058, and what Gmail and Yahoo ask of bulk senders.</summary>
internal static class ListHeaders
{
    public static Dictionary<string, string> Of(PublicationSnapshot publication, NewsletterSnapshot newsletter, Edition edition) => new()
    {
        ["List-Id"] = $"<{newsletter.Slug}.{publication.Slug}.{new Uri(publication.BaseUrl).Host}>",
        ["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click",
        ["List-Archive"] = $"<{publication.BaseUrl}/archive>",
        ["Precedence"] = "bulk",
        // Complaints are counted by these four; a value per letter would make them useless.
        ["Feedback-ID"] = $"{edition.Id:N}:{edition.Kind.ToString().ToLowerInvariant()}:{publication.Slug}:newsletter",
    };

    public static string UnsubscribeUrl(PublicationSnapshot publication, NewsletterSnapshot newsletter, string token) =>
        $"{publication.BaseUrl}/unsubscribe?token={Uri.EscapeDataString(token)}&newsletter={Uri.EscapeDataString(newsletter.Slug)}";
}
