using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Webhooks;

namespace Newsletter.Mailer.Tests.Webhooks;

/// <summary>A publication's own account tells of that publication's letters, and of nobody else's, whatever it writes.</summary>
public sealed class AccountEventTests(WebhookFixture fixture) : IClassFixture<WebhookFixture>, IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task Its_events_move_its_own_letters()
    {
        var mine = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var webhook = await OpenAsync(mine);

        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(webhook, SignedEvents.Event(mine, mine.Readers[0], "delivered")));
        await fixture.SettleAsync();

        Assert.All(await mine.LettersAsync(fixture.Mailer), d => Assert.Equal(DeliveryState.Delivered, d.State));
    }

    [Fact]
    public async Task It_can_neither_move_anothers_letters_nor_settle_its_batches_nor_use_up_its_events()
    {
        var mine = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var other = await MailedEdition.CreateAsync(fixture.Mailer, 2, DeliveryState.Uncertain, BatchState.Uncertain);
        var webhook = await OpenAsync(mine);
        var mail = SignedEvents.Event(other, other.Readers[1], "delivered", id: "an-event-of-theirs");

        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(
            webhook,
            SignedEvents.Event(other, other.Readers[0], "bounce", SignedEvents.Hard),
            mail,
            // Says that it is its own.
            SignedEvents.Event(other, other.Readers[0], "delivered", e => e["publication"] = mine.Publication.ToString("N")),
            // Asynchronous: only an address.
            new JsonObject { ["email"] = MailedEdition.AddressOf(other.Readers[0]), ["event"] = "bounce", ["type"] = "bounce", ["sg_event_id"] = Guid.NewGuid().ToString("N"), ["timestamp"] = 1 }));
        await fixture.SettleAsync();

        Assert.All(await other.LettersAsync(fixture.Mailer), d => Assert.Equal(DeliveryState.Uncertain, d.State));
        Assert.Null((await other.BatchAsync(fixture.Mailer)).FirstEventAt);

        await fixture.TellAsync(JsonNode.Parse(mail.ToJsonString())!.AsObject());
        Assert.Contains(await other.LettersAsync(fixture.Mailer), d => d.State == DeliveryState.Delivered);
    }

    [Fact]
    public async Task Another_accounts_signature_is_not_its_own()
    {
        var mine = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var webhook = await OpenAsync(mine);
        using var answer = await fixture.PostAsync(Encoding.UTF8.GetBytes("[]"), path: webhook);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task An_account_that_another_took_the_place_of_still_tells_of_its_last_letters()
    {
        var mine = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var webhook = await OpenAsync(mine);
        (await Owner(mine).DeleteAsync(new Uri($"{await ApiAsync(mine)}/senders/accounts/first", UriKind.Relative), Cancellation)).EnsureSuccessStatusCode();

        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(webhook, SignedEvents.Event(mine, mine.Readers[0], "delivered")));
        await fixture.SettleAsync();

        Assert.All(await mine.LettersAsync(fixture.Mailer), d => Assert.Equal(DeliveryState.Delivered, d.State));
    }

    /// <summary>The path of its webhook.</summary>
    private async Task<string> OpenAsync(MailedEdition mailed)
    {
        var account = new { provider = "sendgrid", apiKey = "SG.0123456789", webhookKey = Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo()) };
        using var put = await Owner(mailed).PutAsJsonAsync($"{await ApiAsync(mailed)}/senders/accounts/first", account, Cancellation);
        put.EnsureSuccessStatusCode();
        return new Uri((await put.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("webhook").GetString()!).AbsolutePath;
    }

    private HttpClient Owner(MailedEdition mailed) => fixture.Mailer.As(Role.Owner, mailed.Publication);

    private async Task<string> ApiAsync(MailedEdition mailed) =>
        $"/api/v1/publications/{(await fixture.Mailer.WithDbAsync<MailerDb, Contracts.PublicationSnapshot?>(db => db.FindPublicationAsync(mailed.Publication, Cancellation)))!.Slug}";

    private async Task<HttpStatusCode> PostAsync(string path, params JsonObject[] events)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(events);
        var timestamp = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = _key.SignData([.. Encoding.ASCII.GetBytes(timestamp), .. body], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        using var answer = await fixture.PostAsync(body, signature: Convert.ToBase64String(signature), timestamp: timestamp, path: path);
        return answer.StatusCode;
    }
}
