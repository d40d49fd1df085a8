using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tests.Webhooks;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Figures;

/// <summary>A mailer whose letters are taken by a provider that tells of them afterwards.</summary>
public abstract class FiguresFixture(DatabaseKind database) : SignedEvents(database)
{
    public MailerUnderTest Sending { get; private set; } = null!;

    protected override async Task<ServiceUnderTest> StartAsync(DatabaseKind kind, IEnumerable<KeyValuePair<string, string?>> settings)
    {
        Sending = await MailerUnderTest.StartAsync(kind, provider: await FakeSendGrid.StartAsync(), settings: settings);
        return Sending.Service;
    }

    public override async ValueTask DisposeAsync()
    {
        Sending.Provider.Close();
        await base.DisposeAsync();
        await Sending.Provider.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>An event of a letter that the provider has.</summary>
    internal static JsonObject EventOf(FakeMail mail, string kind, Action<JsonObject>? more = null, DateTimeOffset? at = null)
    {
        var told = new JsonObject
        {
            ["email"] = mail.To,
            ["event"] = kind,
            ["timestamp"] = (at ?? DateTimeOffset.UtcNow).ToUnixTimeSeconds(),
            ["sg_event_id"] = Guid.NewGuid().ToString("N"),
        };
        foreach (var (name, value) in mail.Args) told[name] = value;
        more?.Invoke(told);
        return told;
    }

    public static async Task<JsonElement> GetAsync(TestPublication publication, string path, Role role = Role.Author) =>
        await publication.As(role).GetFromJsonAsync<JsonElement>($"{publication.Api}/{path}", TestContext.Current.CancellationToken);

    public static async Task<JsonElement> BecomesAsync(TestPublication publication, string path, Func<JsonElement, bool> wanted, string what, Role role = Role.Author)
    {
        JsonElement last = default;
        await Eventually.TrueAsync(async () => wanted(last = await GetAsync(publication, path, role)), what);
        return last;
    }

    public async Task<(Edition Edition, IReadOnlyList<FakeMail> Mails)> MailAsync(TestPublication publication, string title)
    {
        var edition = await publication.PublishAsync(publication.Post(title));
        return (await Sending.SentAsync(edition.Id), Sending.Provider.Of(edition));
    }
}

public sealed class PostgresFigures() : FiguresFixture(DatabaseKind.Postgres);

public sealed class SqliteFigures() : FiguresFixture(DatabaseKind.Sqlite);
