using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

public sealed class PostLetterTests(SendingFixture fixture) : IClassFixture<SendingFixture>
{
    private readonly MailerUnderTest _mailer = fixture.Mailer;

    [Fact]
    public async Task A_published_post_is_mailed_once_in_the_cut_that_each_reader_has_earned()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync("free");
        var member = await publication.JoinAsync("member");
        var lapsed = await publication.JoinAsync("lapsed");
        await publication.JoinAsync("weekly", publication.Roundup);
        await publication.TellAsync(publication.Reader("unconfirmed") with { ConfirmedAt = null });
        await publication.GrantAsync(member);
        await publication.GrantAsync(lapsed, lasts: TimeSpan.FromHours(-1));

        var post = publication.Post("Fine paper", Access.Paid);
        var edition = await publication.PublishAsync(post);
        await _mailer.SentAsync(edition.Id);

        Assert.Equal(["free@example.com", "lapsed@example.com", "member@example.com"], _mailer.Provider.Of(edition).Select(m => m.To).Order());
        Assert.Contains("subscribers part", Assert.Single(_mailer.Provider.To("free")).Html, StringComparison.Ordinal);
        Assert.Contains("subscribers part", Assert.Single(_mailer.Provider.To("lapsed")).Text, StringComparison.Ordinal);
        var paid = Assert.Single(_mailer.Provider.To("member"));
        Assert.Contains("paid part", paid.Html, StringComparison.Ordinal);
        Assert.Equal("Fine paper", paid.Subject);
        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 3));

        await publication.TellAsync(post);
        await publication.TellAsync(post with { Version = TestPublication.NextVersion(), Title = "Finer paper" });
        Assert.Equal(1, await _mailer.WithDbAsync(db => db.Editions.CountAsync(e => e.PostId == post.Id)));
        Assert.Equal(3, _mailer.Provider.Of(edition).Count);
    }

    [Fact]
    public async Task A_letter_carries_what_mailboxes_ask_of_lists()
    {
        var publication = await _mailer.PublicationAsync();
        var reader = await publication.JoinAsync("headers");

        var edition = await publication.PublishAsync(publication.Post("Headers", Access.Public));
        await _mailer.SentAsync(edition.Id);

        var mail = Assert.Single(_mailer.Provider.To("headers"));
        Assert.Equal($"<{publication.BaseUrl}/unsubscribe?token={reader.UnsubscribeToken}&newsletter=posts>", mail.Headers["List-Unsubscribe"]);
        Assert.Equal("List-Unsubscribe=One-Click", mail.Headers["List-Unsubscribe-Post"]);
        Assert.Equal($"<posts.{publication.Slug}.mail.example>", mail.Headers["List-Id"]);
        Assert.Equal($"{edition.Id:N}:post:{publication.Slug}:newsletter", mail.Headers["Feedback-ID"]);
        Assert.Matches($@"^<{reader.Id:N}\.{edition.Id:N}\.[0-9a-f]{{16}}@mail\.example>$", mail.Headers["Message-ID"]);
        Assert.Equal(edition.Id.ToString("N"), mail.Args["edition"]);
        Assert.Contains(reader.UnsubscribeToken, mail.Html, StringComparison.Ordinal);
        Assert.Contains(reader.UnsubscribeToken, mail.Text, StringComparison.Ordinal);
        Assert.Contains("1 Mill Lane", mail.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_that_is_told_again_is_not_mailed()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync("archive");

        await publication.TellAsync(publication.Post("Old news") with { FirstPublishedAt = DateTimeOffset.UtcNow.AddDays(-10) });
        var fresh = await publication.PublishAsync(publication.Post("New news"));
        await _mailer.SentAsync(fresh.Id);

        Assert.Equal("New news", Assert.Single(_mailer.Provider.To("archive")).Subject);
    }

    [Fact]
    public async Task Two_thousand_and_one_recipients_are_mailed_in_batches_of_at_most_a_thousand()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync(2_001);

        var edition = await publication.PublishAsync(publication.Post("Many", Access.Public));
        await _mailer.SentAsync(edition.Id);

        Assert.Equal(2_001, _mailer.Provider.Of(edition).Select(m => m.To).Distinct().Count());
        Assert.Equal(3, _mailer.Provider.Of(edition).Select(m => m.Args["batch"]).Distinct().Count());
        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 2_001));
    }
}
