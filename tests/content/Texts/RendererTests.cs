using Newsletter.Content.Texts;
using Newsletter.Contracts;

namespace Newsletter.Content.Tests.Texts;

public sealed class RendererTests
{
    private const string Url = "https://news.example/posts/one";

    private static Rendering Render(string body, params EntrySource[] entries) => Renderer.Render(body, entries, Url);

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("[x](javascript:alert(1))")]
    [InlineData("[x](JaVaScRiPt:alert(1))")]
    [InlineData("[x](data:text/html;base64,PHNjcmlwdD4=)")]
    [InlineData("<a href=\"&#106;avascript:alert(1)\">x</a>")]
    [InlineData("<svg onload=alert(1)><script>alert(1)</script></svg>")]
    [InlineData("<iframe src=\"https://evil.example\"></iframe>")]
    [InlineData("<style>body{display:none}</style>")]
    [InlineData("<p style=\"position:fixed\" onclick=\"alert(1)\">x</p>")]
    [InlineData("<form action=\"https://evil.example\"><input name=q></form>")]
    [InlineData("<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">")]
    [InlineData("<base href=\"https://evil.example/\"><meta http-equiv=refresh content=\"0;url=https://evil.example\">")]
    public void Nothing_that_runs_or_takes_over_survives(string body)
    {
        var rendering = Render($"Before.\n\n{body}\n\nAfter.", Entry("Evil", body));
        foreach (var html in new[] { rendering.Whole.Html, rendering.Teaser.Html, rendering.Entries[0].Html })
        {
            Assert.DoesNotMatch("(?i)<(script|iframe|style|svg|math|form|input|base|meta|object|embed)", html);
            Assert.DoesNotMatch("(?i)<[^>]*\\s(on\\w+|style)\\s*=", html);
            Assert.DoesNotMatch("(?i)(href|src)\\s*=\\s*\"?\\s*(javascript|data|vbscript):", html);
        }
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        Assert.Throws<TextException>(() => Render(string.Concat(Enumerable.Repeat("<div>", 50_000))));
        Assert.Throws<TextException>(() => Render(string.Concat(Enumerable.Repeat("<b>", 4_000))));
        Assert.Throws<TextException>(() => Render(string.Concat(Enumerable.Repeat("> ", 5_000)) + "x"));
        Assert.Throws<TextException>(() => Render(string.Concat(Enumerable.Repeat("[a](", 30_000))));
        Assert.Throws<TextException>(() => Render("", Entry("Evil", string.Concat(Enumerable.Repeat("*a ", 3_000)))));
    }

    [Fact]
    public void Three_hundred_kilobytes_are_rendered()
    {
        var body = string.Concat(Enumerable.Repeat("A paragraph with *emphasis* and [a link](https://example.com).\n\n", 5_000));
        Assert.True(Render(body).Whole.Html.Length > body.Length);
    }

    [Fact]
    public void The_line_more_ends_the_teaser_and_is_not_seen()
    {
        var rendering = Render("Free.\n\nAlso free, [see][1].\n\n<!--more-->\n\n## Paid\n\nSecret.\n\n[1]: https://example.com/");
        Assert.Contains("Also free", rendering.Teaser.Html, StringComparison.Ordinal);
        Assert.Contains("href=\"https://example.com/\"", rendering.Teaser.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Secret", rendering.Teaser.Html + rendering.Teaser.Text, StringComparison.Ordinal);
        Assert.Contains("Secret", rendering.Whole.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("more", rendering.Whole.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("One.\n\nTwo.\n\nThree.", "<p>One.</p>")]
    [InlineData("One.\n\nTwo.", "")]
    [InlineData("# Title\n\nOne.\n\nTwo.\n\nThree.", "")]
    public void Without_the_line_the_first_paragraph_is_free_where_it_is_not_most_of_it(string body, string teaser) =>
        Assert.Equal(teaser, Render(body).Teaser.Html);

    [Fact]
    public void A_level_sees_the_whole_or_the_teaser_with_none_of_the_entries()
    {
        var rendering = Render("Free.\n\n<!--more-->\n\nSecret.", Entry("TRACE", "Entry secret."));
        var cuts = rendering.Cuts(Access.Subscribers);
        Assert.Equal([Access.Public, Access.Subscribers, Access.Paid], cuts.Select(c => c.Level));
        Assert.Equal([false, true, true], cuts.Select(c => c.Complete));
        Assert.Empty(cuts[0].EntryIds);
        Assert.DoesNotContain("ecret", cuts[0].Html + cuts[0].Text, StringComparison.Ordinal);
        Assert.Equal(rendering.Entries.Select(e => e.Id), cuts[1].EntryIds);
    }

    [Fact]
    public void Addresses_become_absolute_and_headings_leave_the_title_alone()
    {
        var html = Render("# One\n\n[a](two) ![b](/media/1) [c](#d) [e](mailto:x@example.com) <https://example.org/>").Whole.Html;
        Assert.Contains("<h2 id=\"one\">One</h2>", html, StringComparison.Ordinal);
        Assert.Contains("href=\"https://news.example/posts/two\"", html, StringComparison.Ordinal);
        Assert.Contains("src=\"https://news.example/media/1\"", html, StringComparison.Ordinal);
        Assert.Contains("href=\"https://news.example/posts/one#d\"", html, StringComparison.Ordinal);
        Assert.Contains("href=\"mailto:x@example.com\"", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("(href|src)=\"[^hm]", html);
    }

    [Fact]
    public void Text_has_its_links_at_the_end()
    {
        var text = Render("Hello **you**, see [this](https://a.example/) and [that](https://b.example/), [this](https://a.example/) again.\n\n- one\n- two\n\n1. first\n2. second\n\n> said").Whole.Text;
        Assert.Equal(
            "Hello you, see this [1] and that [2], this [1] again.\n\n- one\n- two\n\n1. first\n2. second\n\n> said\n\n[1] https://a.example/\n[2] https://b.example/", text);
    }

    [Fact]
    public void Entries_have_places_of_their_own_on_the_page()
    {
        var rendering = Render("Free.\n\n## TRACE\n\nx", Entry("TRACE", "a"), Entry("CFA/CNFA", "b"), Entry("???", "c"));
        Assert.Equal([$"{Url}#trace-2", $"{Url}#cfa-cnfa", $"{Url}#entry"], rendering.Entries.Select(e => e.Url));
        Assert.Equal(["", "trace"], rendering.Sections.Select(s => s.Id));
    }

    private static EntrySource Entry(string name, string summary) => new() { Id = Guid.CreateVersion7(), Name = name, Summary = summary };
}
