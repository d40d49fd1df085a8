using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Webhooks;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Webhooks;

/// <summary>A mailer that knows the key of a SendGrid played by the test.</summary>
public abstract class SignedEvents(DatabaseKind database) : IAsyncLifetime
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public ServiceUnderTest Mailer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var key = Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo());
        Mailer = await StartAsync(database, [new("SendGrid:WebhookKey", key), new("SendGrid:Accounts:second:WebhookKey", key)]);
    }

    protected virtual Task<ServiceUnderTest> StartAsync(DatabaseKind kind, IEnumerable<KeyValuePair<string, string?>> settings) =>
        ServiceUnderTest.StartAsync("mailer", b => b.AddMailer(), a => a.MapMailer(), [new("SendGrid:ApiKey", "SG.test"), .. settings], kind);

    public virtual async ValueTask DisposeAsync()
    {
        await Mailer.DisposeAsync();
        _key.Dispose();
        GC.SuppressFinalize(this);
    }

    public async Task<HttpResponseMessage> PostAsync(byte[] body, DateTimeOffset? at = null, string? signature = null, string? timestamp = null, string path = "/webhooks/sendgrid")
    {
        timestamp ??= (at ?? DateTimeOffset.UtcNow).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        signature ??= Convert.ToBase64String(_key.SignData([.. Encoding.ASCII.GetBytes(timestamp), .. body], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        // Who is refused for the size hears so before sending it.
        request.Headers.ExpectContinue = true;
        request.Headers.TryAddWithoutValidation(SendGridSignature.SignatureHeader, signature);
        request.Headers.TryAddWithoutValidation(SendGridSignature.TimestampHeader, timestamp);
        return await Mailer.Anonymous().SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Posts events and waits until they are worked out.</summary>
    internal async Task TellAsync(params JsonObject[] events)
    {
        using var answer = await PostAsync(JsonSerializer.SerializeToUtf8Bytes(events));
        Assert.Equal(System.Net.HttpStatusCode.NoContent, answer.StatusCode);
        await SettleAsync();
    }

    public Task SettleAsync() => Eventually.TrueAsync(async () => await CallsAsync() == 0, "webhook calls worked out");

    public Task<int> CallsAsync() => Mailer.WithDbAsync<MailerDb, int>(db => db.WebhookCalls.CountAsync());

    internal static JsonObject Event(MailedEdition mailed, Guid reader, string kind, Action<JsonObject>? more = null, string? id = null, DateTimeOffset? at = null)
    {
        var told = new JsonObject
        {
            ["email"] = MailedEdition.AddressOf(reader),
            ["event"] = kind,
            ["timestamp"] = (at ?? DateTimeOffset.UtcNow).ToUnixTimeSeconds(),
            ["sg_event_id"] = id ?? Guid.NewGuid().ToString("N"),
            ["sg_message_id"] = "abc.filter-1",
            ["category"] = new JsonArray("edition", "post"),
            ["publication"] = mailed.Publication.ToString("N"),
            ["edition"] = mailed.Edition.ToString("N"),
            ["subscriber"] = reader.ToString("N"),
            ["batch"] = mailed.Batch.ToString("N"),
        };
        more?.Invoke(told);
        return told;
    }

    /// <summary>As of a bounce that came back long after the letter, of which only the address is left.</summary>
    internal static void HardWithoutIds(JsonObject told)
    {
        Hard(told);
        foreach (var key in (string[])["sg_message_id", "publication", "edition", "subscriber", "batch"]) told.Remove(key);
    }

    internal static void Hard(JsonObject told) => (told["type"], told["status"], told["reason"]) = ("bounce", "5.1.1", "550 5.1.1 <ada@example.com> unknown");
}

public sealed class WebhookFixture() : SignedEvents(DatabaseKind.Postgres);

/// <summary>As in standalone.</summary>
public sealed class SqliteWebhookFixture() : SignedEvents(DatabaseKind.Sqlite);
