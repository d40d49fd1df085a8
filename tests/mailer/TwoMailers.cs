using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>Two mailers on one database and one provider.</summary>
public sealed class TwoMailers : IAsyncDisposable
{
    private readonly TestDatabase _database;

    private TwoMailers(TestDatabase database, FakeSendGrid provider, MailerUnderTest first, MailerUnderTest second) => (_database, Provider, First, Second) = (database, provider, first, second);

    public FakeSendGrid Provider { get; }
    public MailerUnderTest First { get; }
    public MailerUnderTest Second { get; }

    public static async Task<TwoMailers> StartAsync(params KeyValuePair<string, string?>[] settings)
    {
        var (database, provider) = (await TestDatabase.CreateAsync(), await FakeSendGrid.StartAsync());
        return new(
            database, provider, await MailerUnderTest.StartAsync(useDatabase: database, provider: provider, settings: settings),
            await MailerUnderTest.StartAsync(useDatabase: database, provider: provider, settings: settings));
    }

    /// <summary>Whatever both go by: had only one of them moved on, its time would differ from the database's.</summary>
    public void Pass(TimeSpan time)
    {
        foreach (var mailer in (MailerUnderTest[])[First, Second]) mailer.Service.Time.Advance(time);
    }

    public async ValueTask DisposeAsync()
    {
        Provider.Close();
        await Second.DisposeAsync();
        await First.DisposeAsync();
        await Provider.DisposeAsync();
        await _database.DisposeAsync();
    }
}
