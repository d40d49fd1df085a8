using System.Text;
using MimeKit;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Providers;

/// <summary>One letter as a mail server gets it, its placeholders filled in.</summary>
internal static class SmtpMessage
{
    /// <summary>Whether an address can be written into a message: one that cannot must not cost the others of its batch their letter.</summary>
    public static bool CanCarry(string address)
    {
        try
        {
            _ = new MailboxAddress("", address);
            return HeaderText.IsAddress(address);
        }
        catch (ParseException)
        {
            return false;
        }
    }

    public static MimeMessage Of(OutgoingBatch batch, OutgoingLetter letter, DateTimeOffset now)
    {
        var message = new MimeMessage
        {
            Subject = HeaderText.Value(Placeholder.Fill(batch.Subject, letter.Substitutions)),
            MessageId = letter.MessageId,
            Date = now,
        };
        message.From.Add(Person(batch.From));
        message.To.Add(Person(letter.To));
        if (batch.ReplyTo is { } reply) message.ReplyTo.Add(Person(reply));
        foreach (var (name, value) in batch.Headers.Concat(letter.Headers)) message.Headers[name] = HeaderText.Value(value);
        message.Body = new MultipartAlternative
        {
            Part("plain", QuotedText.Of(batch.TextOf(letter)).Fill(letter.Substitutions)),
            Part("html", QuotedText.Of(batch.HtmlOf(letter)).Fill(letter.Substitutions)),
        };
        return message;
    }

    // Quoted-printable keeps lines below 998 octets, whatever the post holds, and survives relays without 8BITMIME.
    private static TextPart Part(string subtype, byte[] quoted)
    {
        var part = new TextPart(subtype)
        {
            Content = new MimeContent(new MemoryStream(quoted), ContentEncoding.QuotedPrintable),
            ContentTransferEncoding = ContentEncoding.QuotedPrintable,
        };
        part.ContentType.Charset = "utf-8";
        return part;
    }

    private static MailboxAddress Person(MailAddress person) => new(Encoding.UTF8, HeaderText.Name(person.Name) ?? "", person.Address);
}
