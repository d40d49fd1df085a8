using System.Runtime.CompilerServices;
using System.Text;
using MimeKit.Encodings;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Providers;

/// <summary>
/// A text in quoted-printable (RFC 2045, 6.7) with its placeholders still open: what the letters of a batch share is encoded once for all of them, and each letter is put together
/// from ready pieces. Each piece ends with a soft line break, so that no line grows beyond 76 characters whatever is filled in.
/// </summary>
internal sealed class QuotedText
{
    // By reference: the letters of a batch have the very same string.
    private static readonly ConditionalWeakTable<string, QuotedText> _known = [];

    private readonly List<Piece> _pieces = [];

    private QuotedText(string text)
    {
        var from = 0;
        foreach (var placeholder in Placeholder.In(text))
        {
            AddProse(text[from..placeholder.Start]);
            _pieces.Add(new(text[placeholder], []));
            from = placeholder.End.Value;
        }
        AddProse(text[from..]);
    }

    public static QuotedText Of(string text) => _known.GetValue(text, static t => new(t));

    public byte[] Fill(IReadOnlyCollection<KeyValuePair<string, string>> values)
    {
        var pieces = _pieces.ConvertAll(p => p.Placeholder is { } placeholder ? Encode(ValueOf(placeholder, values)) : p.Encoded);
        var filled = new byte[pieces.Sum(p => p.Length)];
        var at = 0;
        foreach (var piece in pieces)
        {
            piece.CopyTo(filled, at);
            at += piece.Length;
        }
        return filled;
    }

    private static string ValueOf(string placeholder, IReadOnlyCollection<KeyValuePair<string, string>> values)
    {
        foreach (var (key, value) in values) if (key == placeholder) return value;
        return placeholder;
    }

    private void AddProse(string text)
    {
        if (text.Length > 0) _pieces.Add(new(null, Encode(text)));
    }

    private static byte[] Encode(string text)
    {
        // It ends a line up to six characters behind this.
        var encoder = new QuotedPrintableEncoder(70);
        var bytes = Encoding.UTF8.GetBytes(text);
        var encoded = new byte[encoder.EstimateOutputLength(bytes.Length)];
        return encoded[..encoder.Flush(bytes, 0, bytes.Length, encoded)];
    }

    private sealed record Piece(string? Placeholder, byte[] Encoded);
}
