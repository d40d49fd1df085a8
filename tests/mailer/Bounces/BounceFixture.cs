using System.Net.Http.Headers;
using System.Text;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tests.Webhooks;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Bounces;

/// <summary>A mailer that mail servers hand raw mails to.</summary>
public sealed class BounceFixture() : SignedEvents(DatabaseKind.Postgres)
{
    public const string Token = "0123456789abcdef0123456789abcdef-default";
    public const string RelayToken = "0123456789abcdef0123456789abcdef-relay";

    protected override Task<ServiceUnderTest> StartAsync(DatabaseKind kind, IEnumerable<KeyValuePair<string, string?>> settings) =>
        base.StartAsync(kind, [.. settings, new("Smtp:Bounces:Token", Token), new("Smtp:Bounces:Accounts:relay:Token", RelayToken)]);

    public async Task<HttpResponseMessage> PostMailAsync(byte[] mail, string? token = Token, string path = "/webhooks/smtp")
    {
        using var content = new ByteArrayContent(mail);
        content.Headers.ContentType = new MediaTypeHeaderValue("message/rfc822");
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.ExpectContinue = true;
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", token.Contains(' ', StringComparison.Ordinal) ? token : $"Bearer {token}");
        return await Mailer.Anonymous().SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Hands a mail over and waits until it is worked out.</summary>
    public async Task TakeAsync(byte[] mail)
    {
        using var answer = await PostMailAsync(mail);
        Assert.Equal(System.Net.HttpStatusCode.NoContent, answer.StatusCode);
        await SettleAsync();
    }

    internal Task<string> MessageIdAsync(MailedEdition mailed, Guid reader) => MessageIdAsync(Mailer, mailed, reader);

    internal static async Task<string> MessageIdAsync(ServiceUnderTest mailer, MailedEdition mailed, Guid reader) =>
        new LetterIds(await mailer.WithDbAsync<SecretKeys, byte[]>(keys => keys.GetAsync(SecretKeys.MessageIds, TestContext.Current.CancellationToken)))
            .Of(mailed.Edition, reader, "paper@news.example");

    internal async Task<byte[]> SampleAsync(string name, MailedEdition mailed, Guid reader, string? messageId = null) =>
        Sample(name, messageId ?? await MessageIdAsync(mailed, reader), MailedEdition.AddressOf(reader));

    public static byte[] Sample(string name, string messageId, string address) => Encoding.UTF8.GetBytes(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Bounces", "Samples", $"{name}.eml"))
            .Replace("{id}", messageId, StringComparison.Ordinal).Replace("{address}", address, StringComparison.Ordinal).ReplaceLineEndings("\r\n"));
}
