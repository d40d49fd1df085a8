using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Figures;

/// <summary>What mail servers say about letters that fail: once per edition and reason, as one line of text.</summary>
internal static partial class FailureTexts
{
    private const int MaxLength = 300;

    /// <summary>Servers quote whom they refuse, and what they say is shown to staff: no address is kept, no markup means anything.</summary>
    public static string Plain(string said) => Subject.Of(Address().Replace(said.Length > 2000 ? said[..2000] : said, "…"), MaxLength);

    public static async Task KeepAsync(MailerDb db, Guid edition, IEnumerable<(string Reason, string Text)> failures, CancellationToken cancellation)
    {
        // In one order everywhere, so that of two calls with the same reasons one waits for the other, and not both.
        foreach (var (reason, text) in failures.Where(f => f.Text.Length > 0).DistinctBy(f => f.Reason).OrderBy(f => f.Reason, StringComparer.Ordinal))
        {
            await db.Database.ExecuteSqlAsync(
                $"INSERT INTO failure_texts (edition_id, reason, text) VALUES ({edition}, {reason}, {text}) ON CONFLICT (edition_id, reason) DO NOTHING", cancellation);
        }
    }

    [GeneratedRegex(@"[^\s<>""'(),;:]+@[^\s<>""'(),;:]+")]
    private static partial Regex Address();
}
