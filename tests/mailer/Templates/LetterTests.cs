using System.Text;
using Newsletter.Contracts;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Tests.Templates;

public sealed class LetterTests
{
    private static readonly LetterFrame Tracked = Sample.Frame with
    {
        Track = address => $"https://scipapermill.example/t/{Convert.ToHexString(Encoding.UTF8.GetBytes(address))}?r={Placeholder.Reader}",
        OpenPixel = $"https://scipapermill.example/o/e{Placeholder.Reader}.gif",
    };

    [Fact]
    public void A_digest_of_46_entries_stays_below_what_Gmail_clips_and_is_whole()
    {
        var digest = Sample.Digest(46);
        var letter = LetterRenderer.Post(Tracked, digest, digest.Cuts[0]);

        Assert.InRange(Filled(letter.Html), 20_000, 102_000);
        Assert.Contains("SYSTEM-46", letter.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Continue reading on the site", letter.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_longer_digest_ends_between_two_entries_and_leads_to_the_site()
    {
        var digest = Sample.Digest(46, summaryLength: 4000);
        var letter = LetterRenderer.Post(Tracked, digest, digest.Cuts[0]);

        Assert.InRange(Filled(letter.Html), 80_000, 102_000);
        Assert.Contains("Continue reading on the site", letter.Html, StringComparison.Ordinal);
        Assert.Contains("Unsubscribe", letter.Html, StringComparison.Ordinal);
        Assert.Contains("SYSTEM-1<", letter.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("SYSTEM-46<", letter.Html, StringComparison.Ordinal);
        Assert.Equal(Count(letter.Html, "<div"), Count(letter.Html, "</div>"));
        Assert.Contains("SYSTEM-46", letter.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Script_handlers_and_foreign_schemes_do_not_reach_a_letter()
    {
        const string html = """<p onclick="x()">Hi<script>alert(1)</script><a href="javascript:alert(1)">a</a><img src="x" onerror="x()"><iframe src="https://evil.example"></iframe></p><style>p{}</style>""";
        var letter = LetterRenderer.Post(Sample.Frame, Sample.Article(), Sample.Whole(html));

        foreach (var bad in (string[])["alert", "onclick", "onerror", "iframe", "javascript:"])
            Assert.DoesNotContain(bad, letter.Html, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Everything_that_is_not_sanitised_HTML_is_encoded()
    {
        const string nasty = "<img src=x onerror=1>\"'&";
        var digest = Sample.Digest(1);
        digest = digest with
        {
            Title = nasty,
            Summary = nasty,
            Authors = [nasty],
            Entries = [digest.Entries[0] with { Name = nasty, Title = nasty, Section = nasty, Authors = [nasty], Topics = [nasty], Url = "https://x.example/\"><script>" }],
        };
        var frame = Sample.Frame with
        {
            Publication = Sample.Publication with { Name = nasty, PostalAddress = nasty },
            Newsletter = Sample.Newsletter with { Name = nasty },
        };
        var letter = LetterRenderer.Post(frame, digest, digest.Cuts[0]);

        Assert.DoesNotContain("<img src=x", letter.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", letter.Html, StringComparison.Ordinal);
        Assert.Contains("<img src=x onerror=1>", letter.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_post_cannot_have_a_readers_tokens_put_into_its_own_links()
    {
        const string html = $"""<p>{Placeholder.Unsubscribe}<img src="https://evil.example/{Placeholder.Unsubscribe}.gif"><a href="https://evil.example/?{Placeholder.Reader}">x</a></p>""";
        var post = Sample.Article() with { Title = $"Title {Placeholder.Unsubscribe}", Url = $"https://evil.example/{Placeholder.Unsubscribe}" };
        var letter = LetterRenderer.Post(Sample.Frame, post, Sample.Whole(html, $"Text {Placeholder.Unsubscribe}"));
        var values = new Dictionary<string, string> { [Placeholder.Unsubscribe] = "SECRET", [Placeholder.Reader] = "READER" };

        var filled = Placeholder.Fill(letter.Html, values);
        Assert.Equal(1, Count(filled, "SECRET"));
        Assert.Contains("/unsubscribe?token=SECRET&amp;newsletter=posts", filled, StringComparison.Ordinal);
        Assert.DoesNotContain("READER", filled, StringComparison.Ordinal);
        Assert.Equal(1, Count(Placeholder.Fill(letter.Text, values), "SECRET"));
        Assert.DoesNotContain("SECRET", Placeholder.Fill(letter.Subject, values), StringComparison.Ordinal);
    }

    [Fact]
    public void A_letter_says_why_it_came_and_how_to_end_it()
    {
        var letter = LetterRenderer.Post(Tracked, Sample.Article(), Sample.Whole("<p>Hello.</p>"));

        foreach (var part in (string[])[letter.Html, letter.Text])
        {
            Assert.Contains($"https://scipapermill.example/editions/{Sample.Edition}", part, StringComparison.Ordinal);
            Assert.Contains($"https://scipapermill.example/unsubscribe?token={Placeholder.Unsubscribe}", part, StringComparison.Ordinal);
            Assert.Contains("4 Sluice Lane, Exampleton", part, StringComparison.Ordinal);
            Assert.Contains("New posts", part, StringComparison.Ordinal);
        }
        Assert.Contains("4 Sluice Lane", letter.Html[letter.Html.IndexOf("<br", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.DoesNotContain("<", letter.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("/t/", letter.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Links_of_the_body_are_counted_and_those_of_the_footer_are_not()
    {
        var letter = LetterRenderer.Post(Tracked, Sample.Article(), Sample.Whole("""<p><a href="https://a.example/x?y=1&amp;z=2">x</a> <a href="mailto:a@b.example">m</a> <a href="#fn">n</a></p>"""));

        Assert.DoesNotContain("https://a.example", letter.Html, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexString(Encoding.UTF8.GetBytes("https://a.example/x?y=1&z=2")), letter.Html, StringComparison.Ordinal);
        Assert.Contains("mailto:a@b.example", letter.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("#fn", letter.Html, StringComparison.Ordinal);
        Assert.Contains("href=\"https://scipapermill.example/unsubscribe", letter.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_that_ends_early_leads_to_the_rest()
    {
        var post = Sample.Article() with { Access = Access.Paid };
        var letter = LetterRenderer.Post(Sample.Frame, post, Sample.Whole("<p>The beginning.</p>") with { Complete = false });

        Assert.Contains("for members", letter.Html, StringComparison.Ordinal);
        Assert.Contains("for members", letter.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_roundup_shows_only_the_entries_that_were_chosen()
    {
        var digest = Sample.Digest(5);
        var article = Sample.Article();
        var blocks = LetterRenderer.RoundupBlocks(Tracked, digest, digest.Cuts[0], [digest.Entries[1].Id])
            .Concat(LetterRenderer.RoundupBlocks(Tracked, article, article.Cuts[0])).ToList();
        var letter = LetterRenderer.Roundup(Tracked, "This week", "Two posts.", blocks, new DateTimeOffset(2026, 7, 4, 7, 0, 0, TimeSpan.Zero));

        foreach (var part in (string[])[letter.List!.HtmlIn(letter.Html, null), letter.List.TextIn(letter.Text, null)])
        {
            Assert.Contains("SYSTEM-2", part, StringComparison.Ordinal);
            Assert.DoesNotContain("SYSTEM-1", part, StringComparison.Ordinal);
            Assert.Contains("benchmark table", part, StringComparison.Ordinal);
            Assert.Contains("4 July 2026", part, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Topics_are_called_by_their_names()
    {
        var digest = Sample.Digest(1);
        var letter = LetterRenderer.Post(Sample.Frame, digest, digest.Cuts[0]);
        Assert.Contains("Interpretability &amp; trust · medical imaging", letter.Html, StringComparison.Ordinal);
        Assert.Contains("[Interpretability & trust, medical imaging]", letter.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Hello\r\nBcc: everyone@example.com", "Hello Bcc: everyone@example.com")]
    [InlineData("  a\u0000b\u2028c\t\td ", "a b c d")]
    public void A_subject_is_one_line(string title, string expected) => Assert.Equal(expected, Subject.Of(title));

    [Fact]
    public void A_long_subject_ends_at_a_whole_character()
    {
        var subject = Subject.Of(string.Concat(Enumerable.Repeat("😀", 500)));
        Assert.True(subject.Length <= Subject.MaxLength);
        Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(subject)));
    }

    [Theory]
    [InlineData("#ffff00")]
    [InlineData("#000000")]
    [InlineData("#0f5e63")]
    [InlineData("red;}</style><script>")]
    public void Any_accent_becomes_a_colour(string accent)
    {
        Assert.Matches("^#[0-9a-f]{6}$", Accent.OnPaper(accent));
        Assert.Matches("^#[0-9a-f]{6}$", Accent.OnNight(accent));
    }

    private static int Filled(string html) => Encoding.UTF8.GetByteCount(Placeholder.Fill(html, new Dictionary<string, string>
    {
        [Placeholder.Reader] = new('r', 32),
        [Placeholder.Unsubscribe] = new('u', 120),
    }));

    private static int Count(string text, string part) => text.AsSpan().Count(part);
}
