using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

public sealed class TransactionalTests(SendingFixture fixture) : IClassFixture<SendingFixture>
{
    private readonly MailerUnderTest _mailer = fixture.Mailer;

    [Fact]
    public async Task A_mail_that_is_asked_for_twice_is_sent_once_and_then_wiped()
    {
        var publication = await _mailer.PublicationAsync();
        var command = Confirmation(publication, "once");

        await _mailer.Service.PublishAsync(command);
        await _mailer.Service.PublishAsync(command);
        var row = await OverAsync(command.MailId);

        Assert.Equal(TransactionalState.Sent, row.State);
        Assert.Equal(("", null, 0), (row.To, row.ToName, row.Values.Count));
        var mail = Assert.Single(_mailer.Provider.To("once"));
        Assert.Contains("https://pub.example/confirm?token=abc", mail.Text, StringComparison.Ordinal);
        Assert.Equal("auto-generated", mail.Headers["Auto-Submitted"]);
        Assert.Equal("<https://pub.example/unsubscribe?token=u>", mail.Headers["List-Unsubscribe"]);
        Assert.Equal("List-Unsubscribe=One-Click", mail.Headers["List-Unsubscribe-Post"]);
        Assert.Equal(command.MailId.ToString("N"), mail.Args["mail"]);
    }

    [Fact]
    public async Task Mail_that_nobody_waits_for_any_more_is_dropped()
    {
        var publication = await _mailer.PublicationAsync();
        var command = Confirmation(publication, "late") with { ExpiresAt = DateTimeOffset.UtcNow.AddMinutes(-1) };

        await _mailer.Service.PublishAsync(command);

        Assert.Equal(TransactionalState.Expired, (await OverAsync(command.MailId)).State);
        Assert.Empty(_mailer.Provider.To("late"));
    }

    [Fact]
    public async Task Mail_waits_for_its_publication_to_be_known()
    {
        var publication = new TestPublication(_mailer, "Etc/UTC", new(DayOfWeek.Sunday, new(8, 0)));
        var command = Confirmation(publication, "early");
        await _mailer.Service.PublishAsync(command);
        await Eventually.TrueAsync(
            () => _mailer.WithDbAsync(db => db.TransactionalMails.AnyAsync(m => m.Id == command.MailId && m.Error == "publication_unknown")), "mail put off");

        await publication.TellAsync();
        _mailer.Service.Time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(TransactionalState.Sent, (await OverAsync(command.MailId)).State);
        Assert.Single(_mailer.Provider.To("early"));
    }

    [Fact]
    public async Task Staff_mail_of_the_installation_has_no_publication()
    {
        var command = new SendTransactionalMail
        {
            MailId = Guid.CreateVersion7(),
            To = "staff@example.com",
            Template = TransactionalTemplate.StaffSignIn,
            Values = new Dictionary<string, string> { ["link"] = "https://console.example/sign-in?token=x", ["code"] = "123456" },
            ExpiresAt = DateTimeOffset.UtcNow.AddMinutes(15),
        };

        await _mailer.Service.PublishAsync(command);

        Assert.Equal(TransactionalState.Sent, (await OverAsync(command.MailId)).State);
        Assert.Contains("123456", Assert.Single(_mailer.Provider.To("staff")).Text, StringComparison.Ordinal);
    }

    private Task<TransactionalMail> OverAsync(Guid id) => Eventually.GetAsync(
        () => _mailer.WithDbAsync(db => db.TransactionalMails.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id && m.FinishedAt != null)), "the mail's end");

    private static SendTransactionalMail Confirmation(TestPublication publication, string name) => new()
    {
        MailId = Guid.CreateVersion7(),
        PublicationId = publication.Id,
        SubscriberId = Guid.CreateVersion7(),
        To = $"{name}@example.com",
        ToName = name,
        Template = TransactionalTemplate.Confirmation,
        Values = new Dictionary<string, string> { ["link"] = "https://pub.example/confirm?token=abc", ["unsubscribe"] = "https://pub.example/unsubscribe?token=u" },
        ExpiresAt = DateTimeOffset.UtcNow.AddHours(1),
    };
}
