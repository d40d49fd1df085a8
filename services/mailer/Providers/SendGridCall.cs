using System.Buffers;
using System.Text;
using System.Text.Json;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Providers;

/// <summary>Letters that one call carries, and the body that they share.</summary>
/// <param name="Own">Writes what else is substituted in a letter; null: nothing.</param>
internal sealed record SendGridCall(OutgoingBatch Batch, IReadOnlyList<OutgoingLetter> Letters, string Html, string Text, Action<Utf8JsonWriter, OutgoingLetter>? Own = null)
{
    private static readonly JsonEncodedText HtmlTag = JsonEncodedText.Encode("-~h~-");
    private static readonly JsonEncodedText TextTag = JsonEncodedText.Encode("-~t~-");

    /// <summary>What the tags of a call take of a letter's bytes, at most: names of lists, and of a value.</summary>
    public static int ListTagBytes => HtmlTag.Value.Length + TextTag.Value.Length;
    public static int ValueTagBytes => ValueTag(9999).Length;

    /// <summary>Letters that all show the same.</summary>
    public static SendGridCall Alike(OutgoingBatch batch, PersonalList list, IReadOnlyList<OutgoingLetter> letters) =>
        new(batch, letters, list.HtmlIn(batch.Html, letters[0].Blocks), list.TextIn(batch.Text, letters[0].Blocks));

    /// <summary>Letters whose lists are substituted as they are. Tags within what is substituted are not looked for, so readers' codes are put in here.</summary>
    public static SendGridCall Whole(OutgoingBatch batch, IReadOnlyList<ShownLetter> letters)
    {
        var (shown, value) = (ByLetter(letters), new ArrayBufferWriter<byte>());
        return new(batch, [.. letters.Select(l => l.Letter)], In(batch.Html, HtmlTag.Value), In(batch.Text, TextTag.Value), (json, letter) =>
        {
            Begin(value);
            foreach (var piece in shown[letter.Key]) piece.Html.WriteTo(value, letter);
            End(json, HtmlTag, value);
            WriteText(json, shown[letter.Key], letter, value);
        });
    }

    /// <summary>Letters whose blocks have the same shapes, one after the other: the markup stands in the body, and the words and addresses are substituted.</summary>
    public static SendGridCall Shaped(OutgoingBatch batch, IReadOnlyList<ShownLetter> letters)
    {
        var shared = letters[0].Pieces.SelectMany(p => p.Shape.Values).ToArray();
        var differs = new bool[shared.Length];
        foreach (var letter in letters)
        {
            var at = 0;
            foreach (var piece in letter.Pieces)
            {
                foreach (var own in piece.Shape.Values) differs[at] |= own.Whole != shared[at++].Whole;
            }
        }
        StringBuilder html = new();
        var first = 0;
        foreach (var piece in letters[0].Pieces)
        {
            piece.Shape.AddTo(html, at => differs[first + at] ? ValueTag(first + at) : shared[first + at].Whole);
            first += piece.Shape.Values.Length;
        }
        JsonEncodedText[] tags = [.. shared.Select((_, at) => JsonEncodedText.Encode(ValueTag(at)))];
        var (shown, value) = (ByLetter(letters), new ArrayBufferWriter<byte>());
        return new(batch, [.. letters.Select(l => l.Letter)], In(batch.Html, html.ToString()), In(batch.Text, TextTag.Value), (json, letter) =>
        {
            var at = 0;
            foreach (var piece in shown[letter.Key])
            {
                foreach (var own in piece.Shape.Values)
                {
                    if (differs[at])
                    {
                        Begin(value);
                        own.WriteTo(value, letter);
                        End(json, tags[at], value);
                    }
                    at++;
                }
            }
            WriteText(json, shown[letter.Key], letter, value);
        });
    }

    private static Dictionary<string, ListPiece[]> ByLetter(IReadOnlyList<ShownLetter> letters) => letters.ToDictionary(l => l.Letter.Key, l => l.Pieces);

    private static void WriteText(Utf8JsonWriter json, ListPiece[] pieces, OutgoingLetter letter, ArrayBufferWriter<byte> value)
    {
        Begin(value);
        foreach (var piece in pieces) piece.Text.WriteTo(value, letter);
        End(json, TextTag, value);
    }

    private static void Begin(ArrayBufferWriter<byte> value)
    {
        value.ResetWrittenCount();
        value.Write("\""u8);
    }

    private static void End(Utf8JsonWriter json, JsonEncodedText tag, ArrayBufferWriter<byte> value)
    {
        value.Write("\""u8);
        json.WritePropertyName(tag);
        json.WriteRawValue(value.WrittenSpan, skipInputValidation: true);
    }

    private static string In(string frame, string list) => frame.Replace(Placeholder.List, list, StringComparison.Ordinal);

    private static string ValueTag(int at) => $"-~{at}~-";
}

/// <param name="Pieces">What it shows of the list.</param>
internal readonly record struct ShownLetter(OutgoingLetter Letter, ListPiece[] Pieces);
