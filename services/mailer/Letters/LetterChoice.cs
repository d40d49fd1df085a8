using System.Security.Cryptography;
using System.Text;
using Newsletter.Contracts;

namespace Newsletter.Mailer.Letters;

/// <summary>What of a post a reader is mailed: pure, and the only place that decides it.</summary>
internal static class LetterChoice
{
    /// <param name="tiers">Tiers of the reader's grants that are valid now.</param>
    public static bool EarnsPaid(PostSnapshot post, IReadOnlyCollection<string> tiers) =>
        tiers.Count > 0 && (post.Tiers.Count == 0 || post.Tiers.Any(tiers.Contains));

    /// <summary>The fullest cut that a level may see; the lowest one where several are complete, so that equal letters stay one variant.</summary>
    public static Cut? CutAt(PostSnapshot post, Access level)
    {
        var allowed = post.Cuts.Where(c => c.Level <= level).OrderBy(c => c.Level).ToList();
        return allowed.Find(c => c.Complete) ?? allowed.LastOrDefault();
    }

    public static Cut? CutFor(PostSnapshot post, IReadOnlyCollection<string> tiers) =>
        CutAt(post, EarnsPaid(post, tiers) ? Access.Paid : Access.Subscribers);

    /// <summary>The whole cut: what a post's own letter shows, and what readers of a roundup choose from.</summary>
    public static BlockChoice? Whole(PostSnapshot post, Cut? cut) => cut is null ? null : new(post.Id, cut.Level, cut.EntryIds);

    /// <param name="tracked">Of a letter without counted links and pixel, another one.</param>
    public static string Hash(IEnumerable<BlockChoice> blocks, bool tracked = true)
    {
        var text = string.Join(';', blocks.Select(b => $"{b.PostId:N}:{b.Level}:{string.Join(',', b.EntryIds.Select(id => id.ToString("N")))}"));
        if (!tracked) text += ";untracked";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
    }
}
