using System.Text;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Providers;

/// <summary>
/// Puts letters whose readers chose from a list into calls. A call has one body, and what is substituted in a letter may have 10,000 bytes: a whole list, as
/// long as it stays within that; else the words and addresses of blocks that have the same markup as the others' in the call. Where that is too long, too,
/// only letters that show the same share a call. What each reader gets is the same either way.
/// </summary>
internal static class SendGridCalls
{
    // What a call may come to: each that is under way is in memory.
    private const int MostBytes = 4 << 20;
    // Letters that are all alike are worth a call of their own when they would be so many bytes as others' company.
    private const int OwnCallFrom = 256 << 10;

    public static IReadOnlyList<SendGridCall> Of(OutgoingBatch batch, IReadOnlyList<OutgoingLetter> letters) =>
        batch.List is { } list ? OfList(batch, list, letters) : [new(batch, letters, batch.Html, batch.Text)];

    /// <summary>How many calls letters take that show so much, about: values of their own are longer or shorter.</summary>
    public static int CountOf(PersonalList list, IEnumerable<BlockSet?> shown)
    {
        const int others = 1_000;
        var pieces = ListPieces.Of(list, ListPieces.UsualValue);
        var mayOverflow = !list.HasRoomFor(null);
        var alone = 0;
        HashSet<string> companies = [];
        foreach (var blocks in shown.Distinct())
        {
            if (CompanyOf([.. pieces.Of(blocks)], others, mayOverflow && !list.HasRoomFor(blocks)) is { } company) companies.Add(company);
            else alone++;
        }
        return alone + companies.Count;
    }

    private static List<SendGridCall> OfList(OutgoingBatch batch, PersonalList list, IReadOnlyList<OutgoingLetter> letters)
    {
        var groups = letters.GroupBy(l => l.Blocks).Select(g => g.ToList()).ToList();
        if (groups is [var all]) return [SendGridCall.Alike(batch, list, all)];
        var pieces = ListPieces.Of(list, letters.SelectMany(l => l.Substitutions).Max(s => Encoding.UTF8.GetByteCount(s.Value)));
        var others = SendGridCall.ListTagBytes + letters.Max(l => l.Substitutions.Sum(s => Encoding.UTF8.GetByteCount(s.Key) + Encoding.UTF8.GetByteCount(s.Value)));

        var mayOverflow = !list.HasRoomFor(null);
        List<SendGridCall> calls = [];
        Dictionary<string, Company> companies = [];
        foreach (var alike in groups)
        {
            ListPiece[] shown = [.. pieces.Of(alike[0].Blocks)];
            var (bytes, valueBytes) = (others + shown.Sum(p => p.Bytes), others + shown.Sum(p => p.ValueBytes));
            if (CompanyOf(shown, others, mayOverflow && !list.HasRoomFor(alike[0].Blocks)) is not { } name || (long)alike.Count * Math.Min(bytes, valueBytes) >= OwnCallFrom) calls.Add(SendGridCall.Alike(batch, list, alike));
            else
            {
                if (!companies.TryGetValue(name, out var company)) companies[name] = company = new();
                company.Add(alike, shown, name.Length == 0 ? bytes : valueBytes);
            }
        }
        foreach (var (name, company) in companies) calls.AddRange(company.Calls(some => name.Length == 0 ? SendGridCall.Whole(batch, some) : SendGridCall.Shaped(batch, some)));
        return calls;
    }

    /// <summary>
    /// Letters of the same company may share a call: the empty one substitutes all that they show, any other what differs between blocks of the same markup.
    /// Null: only letters that show the same.
    /// </summary>
    private static string? CompanyOf(ListPiece[] shown, int others, bool overflows)
    {
        if (overflows) return null;
        if (others + shown.Sum(p => p.Bytes) <= PersonalList.MostSubstituted) return "";
        return others + shown.Sum(p => p.ValueBytes) > PersonalList.MostSubstituted ? null : string.Join(',', shown.Select(p => p.ShapeId));
    }

    /// <summary>Letters that may share a call.</summary>
    private sealed class Company
    {
        private readonly List<List<ShownLetter>> _parts = [];
        private int _bytes = MostBytes;

        public void Add(List<OutgoingLetter> letters, ListPiece[] shown, int bytesEach)
        {
            if (_bytes >= MostBytes)
            {
                _parts.Add([]);
                _bytes = 0;
            }
            _parts[^1].AddRange(letters.Select(l => new ShownLetter(l, shown)));
            _bytes += letters.Count * bytesEach;
        }

        public IEnumerable<SendGridCall> Calls(Func<List<ShownLetter>, SendGridCall> call) => _parts.Select(call);
    }
}
