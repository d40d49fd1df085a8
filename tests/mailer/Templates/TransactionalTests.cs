using Newsletter.Contracts;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Tests.Templates;

public sealed class TransactionalTests
{
    private static readonly TransactionalFrame Frame = TransactionalFrame.Of(Sample.Publication);

    private static readonly Dictionary<string, string> Values = new()
    {
        ["link"] = "https://scipapermill.example/x?token=abc&y=1",
        ["code"] = "482913",
        ["amount"] = "$6.00",
        ["tier"] = "Member",
        ["period"] = "July 2026",
        ["number"] = "R-1",
        ["until"] = "4 August 2026",
        ["unsubscribe"] = "https://scipapermill.example/unsubscribe?token=u&newsletter=posts",
    };

    public static TheoryData<TransactionalTemplate> Templates => [.. Enum.GetValues<TransactionalTemplate>()];

    [Theory, MemberData(nameof(Templates))]
    public void Every_transactional_mail_has_a_subject_both_parts_and_its_link(TransactionalTemplate template)
    {
        var letter = TransactionalRenderer.Render(Frame, template, Values);

        Assert.NotEmpty(letter.Subject);
        Assert.DoesNotContain("{", letter.Subject, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", letter.Html + letter.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Subject:", letter.Text, StringComparison.Ordinal);
        Assert.Contains(Values["link"], letter.Text, StringComparison.Ordinal);
        Assert.Contains("href=\"https://scipapermill.example/x?token=abc&amp;y=1\"", letter.Html, StringComparison.Ordinal);
        Assert.Contains("4 Sluice Lane", letter.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_code_stands_in_the_subject_and_in_both_parts()
    {
        var letter = TransactionalRenderer.Render(Frame, TransactionalTemplate.SignIn, Values);
        Assert.StartsWith("482913", letter.Subject, StringComparison.Ordinal);
        Assert.Contains("482913", letter.Html, StringComparison.Ordinal);
        Assert.Contains("482913", letter.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_publications_name_cannot_add_headers_or_markup()
    {
        var letter = TransactionalRenderer.Render(Frame with { Name = "A\r\nBcc: x@example.com <script>" }, TransactionalTemplate.Confirmation, Values);
        Assert.DoesNotContain('\n', letter.Subject);
        Assert.DoesNotContain('\r', letter.Subject);
        Assert.DoesNotContain("<script>", letter.Html, StringComparison.Ordinal);
    }
}
