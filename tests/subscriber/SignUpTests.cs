using System.Net;
using System.Net.Http.Json;
using Newsletter.Contracts;

namespace Newsletter.Subscriber.Tests;

public sealed class SignUpTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task A_new_address_is_pending_and_gets_a_confirmation_with_link_and_unsubscribe_link()
    {
        var publication = await _app.PublicationAsync();

        using var answer = await _app.SubscribeAsync(publication, new { email = "Ada@Example.com", name = "Ada", cadence = "weekly" });

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var mail = await _app.Service.SentAsync<SendTransactionalMail>(m => m.PublicationId == publication.Id);
        Assert.Equal((TransactionalTemplate.Confirmation, "Ada@Example.com", "Ada"), (mail.Template, mail.To, mail.ToName));
        Assert.StartsWith($"{publication.BaseUrl}/confirm?token=", mail.Values["link"], StringComparison.Ordinal);
        Assert.StartsWith($"{publication.BaseUrl}/unsubscribe?token=", mail.Values["unsubscribe"], StringComparison.Ordinal);
        var snapshot = await _app.SnapshotAsync(publication, "ada@example.com");
        Assert.Null(snapshot.ConfirmedAt);
        Assert.Empty(snapshot.Consents);
    }
}
