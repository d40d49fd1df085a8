using Microsoft.Data.Sqlite;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests.Crashes;

/// <summary>An installation with two mailers and servers of its own, for those who kill them.</summary>
public abstract class CrashHouse : Distributed
{
    protected static Dictionary<string, string> Impatient { get; } = new()
    {
        // The shortest that may be set: what they are good for is the same, and nobody waits for it.
        ["Mail__Lease"] = "00:00:10",
        ["Mail__UncertainGrace"] = "00:01:00",
        ["Mail__CircuitPause"] = "00:00:01",
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

    protected override async Task<PrivateServers?> StartServersAsync() => await PrivateServers.StartAsync();
}

public sealed class SendGridHouse : CrashHouse, IAsyncLifetime
{
    /// <summary>Calls that one mailer has in flight.</summary>
    public const int Calls = 1;
    public const int LettersOfACall = 1_000;

    protected override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>(Impatient)
    {
        // One call at a time for each mailer: the edition lasts long enough to be struck often.
        ["SendGrid__Concurrency"] = $"{Calls}",
        ["SendGrid__Timeout"] = "00:00:55",
    };

    /// <summary>How many copies of mail SendGrid took for each address of a domain.</summary>
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

public sealed class SmtpHouse : CrashHouse, IAsyncLifetime
{
    /// <summary>Connections of one mailer, each with one letter in flight.</summary>
    public const int Connections = 3;

    public SmtpHouse() => Settings = new Dictionary<string, string>(Impatient)
    {
        ["Mail__Provider"] = "smtp",
        ["Smtp__Host"] = "127.0.0.1",
        ["Smtp__Port"] = $"{Sink.Port}",
        ["Smtp__Security"] = "None",
        ["Smtp__Connections"] = $"{Connections}",
        ["Smtp__Timeout"] = "00:00:05",
    };

    public MailSink Sink { get; } = new();

    protected override IReadOnlyDictionary<string, string> Settings { get; }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Sink.DisposeAsync();
    }
}

// By themselves: what they do to the machine, others would take for faults.
[CollectionDefinition(nameof(SendGridCrashes), DisableParallelization = true)]
public sealed class SendGridCrashes : ICollectionFixture<SendGridHouse>;

[CollectionDefinition(nameof(SmtpCrashes), DisableParallelization = true)]
public sealed class SmtpCrashes : ICollectionFixture<SmtpHouse>;
