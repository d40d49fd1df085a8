using Microsoft.Data.Sqlite;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests.Crashes;

/// <summary>An installation with two mailers, for those who kill them.</summary>
public sealed class CrashHouse : Distributed, IAsyncLifetime
{
    protected override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        // The shortest that may be set: what they are good for is the same, and nobody waits for it.
        ["Mail__Lease"] = "00:00:10",
        ["Mail__UncertainGrace"] = "00:01:00",
        // Two calls at a time: the edition lasts long enough to be struck often.
        ["SendGrid__Concurrency"] = "1",
    };

    public IReadOnlyList<ServiceProcess> Mailers { get; private set; } = [];

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Mailers = [this["mailer"], Another("mailer")];
        Mailers[1].Start();
        await Mailers[1].ReadyAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (Mailers.Count > 1) await Mailers[1].DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>How many copies of mail the provider took for each address of a domain.</summary>
    public async Task<Dictionary<string, int>> CopiesAsync(string domain)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = SandboxFile, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT address, COUNT(*) FROM mail_recipients WHERE address LIKE '%@' || $domain GROUP BY address";
        command.Parameters.AddWithValue("$domain", domain);
        Dictionary<string, int> copies = [];
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync()) copies[rows.GetString(0)] = rows.GetInt32(1);
        return copies;
    }
}

[CollectionDefinition(nameof(CrashCollection))]
public sealed class CrashCollection : ICollectionFixture<CrashHouse>;
