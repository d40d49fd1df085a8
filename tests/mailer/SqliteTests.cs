using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>The same way of a letter on standalone's database.</summary>
public sealed class SqliteTests
{
    [Fact]
    public async Task On_SQLite_a_post_and_a_roundup_reach_their_readers()
    {
        await using var mailer = await MailerUnderTest.StartAsync(DatabaseKind.Sqlite);
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(1_200);
        var member = await publication.JoinAsync("member", publication.Roundup, "vision");
        await publication.GrantAsync(member);

        var edition = await publication.PublishAsync(publication.Post("On SQLite", Access.Paid, true, "vision"));
        await mailer.SentAsync(edition.Id);
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 1_200));
        (await publication.RunRoundupAsync()).EnsureSuccessStatusCode();
        var roundup = await mailer.EditionAsync(e => e.Kind == EditionKind.Roundup && e.Recipients == 1 && e.State == EditionState.Sent, "roundup sent");

        await mailer.LedgerBecomesAsync(roundup.Id, (DeliveryState.Accepted, 1));
        Assert.Contains("About On SQLite", Assert.Single(mailer.Provider.To("member")).Html, StringComparison.Ordinal);
    }
}
