using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

public sealed class SuspensionTests(SendingFixture fixture) : IClassFixture<SendingFixture>
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;
    private readonly MailerUnderTest _mailer = fixture.Mailer;

    [Fact]
    public async Task What_is_published_while_suspended_is_mailed_when_that_is_lifted_however_long_it_took()
    {
        await using var mailer = await MailerUnderTest.StartAsync(DatabaseKind.Sqlite);
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(3);
        await publication.SuspendAsync();
        var edition = await publication.PublishAsync(publication.Post("Held"));
        await OthersAreMailedAsync(mailer);
        mailer.Service.Time.Advance(Edition.Patience * 2);
        await OthersAreMailedAsync(mailer);
        Assert.Empty(mailer.Provider.Of(edition));

        await publication.SuspendAsync(false);

        await mailer.SentAsync(edition.Id);
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 3));
    }

    [Fact]
    public async Task What_is_leaving_waits_and_goes_on_where_it_was()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync(3);
        var edition = await RefusedAsync(publication, "Caught");
        await publication.SuspendAsync();
        _mailer.Provider.Answer = _ => Task.FromResult(202);
        _mailer.Service.Time.Advance(TimeSpan.FromMinutes(1));
        await OthersAreMailedAsync(_mailer);
        Assert.Empty(_mailer.Provider.Of(edition));

        await publication.SuspendAsync(false);

        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 3));
    }

    [Fact]
    public async Task What_staff_have_paused_stays_paused_when_a_suspension_is_lifted()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync(1);
        var edition = await RefusedAsync(publication, "Paused");
        (await ActAsync(publication, Role.Editor, $"editions/{edition.Id}/pause")).EnsureSuccessStatusCode();
        _mailer.Provider.Answer = _ => Task.FromResult(202);

        await publication.SuspendAsync();
        var resumed = await ActAsync(publication, Role.Operator, $"editions/{edition.Id}/resume");
        await publication.SuspendAsync(false);

        Assert.Equal(HttpStatusCode.Conflict, resumed.StatusCode);
        Assert.Equal("staff", (await _mailer.EditionAsync(e => e.Id == edition.Id, "edition")).PauseReason);
        (await ActAsync(publication, Role.Editor, $"editions/{edition.Id}/resume")).EnsureSuccessStatusCode();
        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 1));
    }

    [Fact]
    public async Task Staff_of_a_suspended_publication_run_no_roundup_and_send_no_test_letter()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.TellAsync(publication.Post("Proof", asLetter: false));
        await publication.SuspendAsync();

        Assert.Equal(HttpStatusCode.Forbidden, (await ActAsync(publication, Role.Owner, "roundups")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await ActAsync(publication, Role.Owner, "editions/test", new { post = "proof", to = "anyone@example.com" })).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await ActAsync(publication, Role.Operator, "editions/test", new { post = "proof", to = "operator@example.com" })).StatusCode);
        Assert.Empty(_mailer.Provider.To("anyone"));
    }

    [Fact]
    public async Task Readers_of_a_suspended_publication_still_get_their_sign_in_mail_and_no_web_view()
    {
        var publication = await _mailer.PublicationAsync();
        var edition = await publication.PublishAsync(publication.Post("Web", Access.Public));
        await _mailer.SentAsync(edition.Id);
        await publication.SuspendAsync();

        await _mailer.Service.PublishAsync(new SendTransactionalMail
        {
            MailId = Guid.CreateVersion7(),
            PublicationId = publication.Id,
            To = "leaving@example.com",
            Template = TransactionalTemplate.SignIn,
            Values = new Dictionary<string, string> { ["link"] = "https://mail.example/sign-in", ["code"] = "123456" },
            ExpiresAt = _mailer.Service.Time.GetUtcNow().AddMinutes(15),
        });

        await Eventually.TrueAsync(() => Task.FromResult(_mailer.Provider.To("leaving").Count == 1), "sign-in mail");
        var web = await _mailer.Service.Anonymous().GetAsync($"/{publication.Slug}/editions/{edition.Id}", Cancellation);
        Assert.Equal(HttpStatusCode.Forbidden, web.StatusCode);
    }

    /// <summary>An edition whose letters the provider did not take at first: they wait to be tried again.</summary>
    private async Task<Edition> RefusedAsync(TestPublication publication, string title)
    {
        _mailer.Provider.Answer = _ => Task.FromResult(503);
        var edition = await publication.PublishAsync(publication.Post(title));
        await Eventually.TrueAsync(
            () => _mailer.WithDbAsync(db => db.Batches.AnyAsync(b => b.EditionId == edition.Id && b.State == BatchState.Queued && b.Attempts > 0)), "letters put back");
        return edition;
    }

    /// <summary>Everything that was due before has had its turn.</summary>
    private static async Task OthersAreMailedAsync(MailerUnderTest mailer)
    {
        var other = await mailer.PublicationAsync();
        await other.JoinAsync(1);
        await mailer.SentAsync((await other.PublishAsync(other.Post("Other"))).Id);
    }

    private static Task<HttpResponseMessage> ActAsync(TestPublication publication, Role role, string path, object? body = null) =>
        publication.As(role).PostAsJsonAsync($"{publication.Api}/{path}", body ?? new { }, Cancellation);
}
