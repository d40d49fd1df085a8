using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Providers;

/// <summary>A text that is cut at its placeholders and made ready for JSON once, and then filled in for many readers without a copy of it for each.</summary>
internal sealed class CutText
{
    private static readonly SearchValues<char> UrlSafe = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");
    private readonly List<(byte[] Literal, string Placeholder)> _parts = [];
    private readonly byte[] _end;

    /// <param name="longestValue">Bytes that a placeholder's value has at most.</param>
    public CutText(string text, int longestValue)
    {
        Whole = text;
        var from = 0;
        foreach (var placeholder in Placeholder.In(text))
        {
            _parts.Add((Escaped(text[from..placeholder.Start]), text[placeholder]));
            from = placeholder.End.Value;
        }
        _end = Escaped(text[from..]);
        MostBytes = _end.Length + _parts.Sum(p => p.Literal.Length + longestValue);
    }

    public string Whole { get; }

    /// <summary>Filled in, as JSON has it: never less than it is by itself.</summary>
    public int MostBytes { get; }

    public void WriteTo(IBufferWriter<byte> json, OutgoingLetter letter)
    {
        foreach (var (literal, placeholder) in _parts)
        {
            json.Write(literal);
            Write(json, ValueOf(letter, placeholder));
        }
        json.Write(_end);
    }

    private static void Write(IBufferWriter<byte> json, string value)
    {
        if (value.AsSpan().ContainsAnyExcept(UrlSafe)) json.Write(Escaped(value));
        else json.Advance(Encoding.ASCII.GetBytes(value, json.GetSpan(value.Length)));
    }

    private static byte[] Escaped(string text) => JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes.ToArray();

    private static string ValueOf(OutgoingLetter letter, string placeholder)
    {
        foreach (var (name, value) in letter.Substitutions) if (name == placeholder) return value;
        throw new InvalidOperationException($"The letter has no value for {placeholder}.");
    }
}
