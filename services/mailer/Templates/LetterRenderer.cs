using System.Globalization;
using System.Text;
using Newsletter.Contracts;

namespace Newsletter.Mailer.Templates;

/// <summary>Writes the letters of editions: one post, or a roundup of several.</summary>
internal static class LetterRenderer
{
    /// <summary>Gmail clips a message whose HTML passes 102 KB, and with it the footer; some room is left for what the provider fills in.</summary>
    public const int MaxHtmlBytes = 100_000;

    /// <summary>What a reader's placeholder grows by when it is filled in, per link.</summary>
    private const int ReaderGrowth = 32;

    /// <summary>The letter of one post, as the cut allows.</summary>
    public static Letter Post(LetterFrame frame, PostSnapshot post, Cut cut)
    {
        (frame, post, cut) = (Defuse(frame), Placeholder.Defuse(post), Placeholder.Defuse(cut));
        var accent = Accent.OnPaper(frame.Publication.AccentColour);
        var entries = EntriesOf(post, cut.EntryIds);
        var head = new PostView(frame, post);
        List<LetterBlock> blocks = [new(LiquidTemplates.RenderHtml("post-head", head), LiquidTemplates.RenderText("post-head", head))];
        // The text part is one piece: only the HTML can grow too large.
        var prose = LetterBody.Blocks(cut.Html, accent, frame.Track);
        blocks.AddRange(prose.Select((html, i) => new LetterBlock(html, i == 0 ? $"\n{cut.Text.Trim()}\n" : "")));
        if (prose.Count == 0) blocks.Add(new("", $"\n{cut.Text.Trim()}\n"));
        blocks.AddRange(EntryBlocks(frame, entries, accent));
        var left = cut.Complete ? null : new MoreView(frame.Track(post.Url), post.Url, post.Access == Access.Paid ? "paid" : "more", accent);
        var fallback = left ?? new MoreView(frame.Track(post.Url), post.Url, "long", accent);
        return Compose(frame, post.Title, post.Summary, blocks, left, fallback, post.PublishedAt);
    }

    /// <summary>A post within a roundup: its head and summary and, of a digest, entries of the cut.</summary>
    /// <param name="entryIds">Null: all that the cut shows.</param>
    public static IReadOnlyList<ListedBlock> RoundupBlocks(LetterFrame frame, PostSnapshot post, Cut cut, IReadOnlyCollection<Guid>? entryIds = null)
    {
        (frame, post) = (Defuse(frame), Placeholder.Defuse(post));
        var accent = Accent.OnPaper(frame.Publication.AccentColour);
        var shown = entryIds is null ? cut.EntryIds : [.. cut.EntryIds.Where(entryIds.Contains)];
        var head = new PostView(frame, post);
        return
        [
            new() { PostId = post.Id, Html = LiquidTemplates.RenderHtml("roundup-post", head), Text = Listed(LiquidTemplates.RenderText("roundup-post", head)) },
            .. EntriesOf(post, shown).Select(entry => EntryBlock(frame, post, entry, accent)),
        ];
    }

    /// <summary>A roundup of blocks that were made by <see cref="RoundupBlocks"/>, of which each reader gets some.</summary>
    public static Letter Roundup(LetterFrame frame, string title, string intro, IReadOnlyList<ListedBlock> blocks, DateTimeOffset slot)
    {
        frame = Defuse(frame);
        (title, intro) = (Placeholder.Defuse(title), Placeholder.Defuse(intro));
        var head = new { Title = title, Intro = intro, Date = LetterDates.Day(slot, frame.Publication.TimeZone) };
        var archive = $"{frame.Publication.BaseUrl}/archive";
        var rest = LiquidTemplates.RenderHtml("more", new MoreView(frame.Track(archive), archive, "long", Accent.OnPaper(frame.Publication.AccentColour)));
        var view = new FrameView(frame, title, Subject.Of(intro, 140), isPersonal: true);
        var html = LiquidTemplates.RenderHtml("letter", view with { Body = new Markup(LiquidTemplates.RenderHtml("roundup-head", head) + Placeholder.List) });
        var text = LiquidTemplates.RenderText("letter", view with { Body = new Markup(LiquidTemplates.RenderText("roundup-head", head).TrimEnd() + Placeholder.List) });
        return new(Subject.Of(title), html, Tidy(text), new() { Blocks = blocks, Room = MaxHtmlBytes - Size(html) - Size(rest), Rest = rest });
    }

    private static Letter Compose(
        LetterFrame frame, string title, string preheader, IReadOnlyList<LetterBlock> blocks, MoreView? ending, MoreView whenCut, DateTimeOffset? date)
    {
        var view = new FrameView(frame, title, Subject.Of(preheader, 140));
        var room = MaxHtmlBytes - Size(LiquidTemplates.RenderHtml("letter", view)) - Size(LiquidTemplates.RenderHtml("more", whenCut));
        var html = new StringBuilder();
        var text = new StringBuilder();
        var isCut = false;
        foreach (var block in blocks)
        {
            room -= Size(block.Html);
            isCut |= room < 0;
            if (!isCut) html.Append(block.Html);
            text.Append(block.Text);
        }
        if (isCut) html.Append(LiquidTemplates.RenderHtml("more", whenCut));
        else if (ending is not null) html.Append(LiquidTemplates.RenderHtml("more", ending));
        if (ending is not null) text.Append(LiquidTemplates.RenderText("more", ending));
        return new(
            Subject.Of(title),
            LiquidTemplates.RenderHtml("letter", view with { Body = new Markup(html.ToString()) }),
            Tidy(LiquidTemplates.RenderText("letter", view with { Body = new Markup(text.ToString()) })));
    }

    private static IEnumerable<LetterBlock> EntryBlocks(LetterFrame frame, IReadOnlyList<EntrySnapshot> entries, string accent)
    {
        var section = "";
        foreach (var entry in entries)
        {
            var heading = entry.Section == section ? null : HeadingOf(entry);
            section = entry.Section;
            var view = new EntryView(frame, entry, accent);
            yield return new(heading?.Html + LiquidTemplates.RenderHtml("entry", view), heading?.Text + LiquidTemplates.RenderText("entry", view));
        }
    }

    private static ListedBlock EntryBlock(LetterFrame frame, PostSnapshot post, EntrySnapshot entry, string accent)
    {
        var view = new EntryView(frame, entry, accent);
        return new()
        {
            PostId = post.Id,
            EntryId = entry.Id,
            Section = entry.Section,
            Heading = HeadingOf(entry) is { } heading ? heading with { Text = Listed(heading.Text) } : null,
            Html = LiquidTemplates.RenderHtml("entry", view),
            Text = Listed(LiquidTemplates.RenderText("entry", view)),
        };
    }

    private static LetterBlock? HeadingOf(EntrySnapshot entry) =>
        entry.Section.Length == 0 ? null : new(LiquidTemplates.RenderHtml("section", new { entry.Section }), LiquidTemplates.RenderText("section", new { entry.Section }));

    /// <summary>As it follows whatever stands before it in a list, with an empty line between.</summary>
    private static string Listed(string text) => $"\n\n{Tidy(text).TrimEnd()}";

    private static List<EntrySnapshot> EntriesOf(PostSnapshot post, IReadOnlyList<Guid> ids)
    {
        var shown = ids.ToHashSet();
        return post.Entries.Where(e => shown.Contains(e.Id)).ToList();
    }

    private static LetterFrame Defuse(LetterFrame frame) =>
        frame with { Publication = Placeholder.Defuse(frame.Publication), Newsletter = Placeholder.Defuse(frame.Newsletter) };

    /// <summary>In bytes, when the reader's placeholders are filled in.</summary>
    internal static int Size(string html) => Encoding.UTF8.GetByteCount(html) + html.AsSpan().Count(Placeholder.Reader) * ReaderGrowth;

    /// <summary>At most one empty line in a row, none at the ends.</summary>
    private static string Tidy(string text)
    {
        var tidy = new StringBuilder(text.Length);
        var empty = 0;
        foreach (var line in text.AsSpan().Trim().EnumerateLines())
        {
            var end = line.TrimEnd();
            empty = end.IsEmpty ? empty + 1 : 0;
            if (empty < 2) tidy.Append(end).Append('\n');
        }
        return tidy.ToString();
    }
}

internal static class LetterDates
{
    /// <summary>The day as the publication's readers call it: 4 July 2026.</summary>
    public static string Day(DateTimeOffset? instant, string zone) => instant is { } at
        ? TimeZoneInfo.ConvertTime(at, TimeZoneInfo.FindSystemTimeZoneById(zone)).ToString("d MMMM yyyy", CultureInfo.InvariantCulture)
        : "";
}
