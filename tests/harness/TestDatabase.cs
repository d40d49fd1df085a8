using Npgsql;

namespace Newsletter.Tests.Harness;

public enum DatabaseKind { Postgres, Sqlite }

/// <summary>A database of its own for one test class, dropped at its end.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string? _name;
    private readonly string? _folder;

    private readonly string _server;

    private TestDatabase(string connectionString, string? name, string? folder, string server = "") =>
        (ConnectionString, _name, _folder, _server) = (connectionString, name, folder, server);

    public string ConnectionString { get; }

    /// <param name="server">A connection string of another PostgreSQL than that of all tests.</param>
    public static async Task<TestDatabase> CreateAsync(DatabaseKind kind = DatabaseKind.Postgres, string? server = null)
    {
        if (kind == DatabaseKind.Sqlite)
        {
            var folder = Directory.CreateTempSubdirectory("newsletter-test-").FullName;
            return new($"Data Source={Path.Combine(folder, "test.db")}", null, folder);
        }
        var name = $"t_{Guid.NewGuid():N}";
        server ??= Server;
        await ExecuteAsync(server, $"CREATE DATABASE {name}");
        var connection = new NpgsqlConnectionStringBuilder(server) { Database = name, MaxPoolSize = 20 };
        return new(connection.ConnectionString, name, null, server);
    }

    /// <summary>PostgreSQL's own address.</summary>
    public (string Host, int Port) Address
    {
        get
        {
            var server = new NpgsqlConnectionStringBuilder(_server);
            return (server.Host!, server.Port);
        }
    }

    /// <summary>The same database by way of a local port whose messages are read: nothing is encrypted. It is dropped by whoever made it.</summary>
    public TestDatabase Through(int port) => new(
        new NpgsqlConnectionStringBuilder(ConnectionString) { Host = "127.0.0.1", Port = port, SslMode = SslMode.Disable, GssEncryptionMode = GssEncryptionMode.Disable }.ConnectionString, null, null, _server);

    /// <summary>Ends every connection to it, as a failing database does.</summary>
    public Task DropConnectionsAsync() =>
        ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_name}'");

    /// <summary>Refuses (or lets in again) connections: the database is away for whoever uses it.</summary>
    public async Task SetAwayAsync(bool away)
    {
        await ExecuteAsync($"ALTER DATABASE {_name} WITH ALLOW_CONNECTIONS {(away ? "false" : "true")}");
        if (away) await DropConnectionsAsync();
    }

    /// <summary>A backup as of now; nobody may be connected while it is taken, so its users are cut off for a moment.</summary>
    public async Task<string> BackUpAsync()
    {
        var backup = $"{_name}_backup";
        await SetAwayAsync(true);
        await ExecuteAsync($"CREATE DATABASE {backup} TEMPLATE {_name}");
        await SetAwayAsync(false);
        return backup;
    }

    /// <summary>What was written since the backup is gone, as after any restore.</summary>
    public async Task RestoreAsync(string backup)
    {
        await SetAwayAsync(true);
        await ExecuteAsync($"DROP DATABASE {_name} WITH (FORCE)");
        await ExecuteAsync($"ALTER DATABASE {backup} RENAME TO {_name}");
        await ExecuteAsync($"ALTER DATABASE {_name} WITH ALLOW_CONNECTIONS true");
    }

    public async ValueTask DisposeAsync()
    {
        if (_folder is not null)
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            Directory.Delete(_folder, recursive: true);
        }
        if (_name is null) return;
        using (var pool = new NpgsqlConnection(ConnectionString)) NpgsqlConnection.ClearPool(pool);
        // Whom it throws out has five seconds to go, which a busy machine may exceed.
        NpgsqlException? refusal = null;
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await ExecuteAsync($"DROP DATABASE IF EXISTS {_name} WITH (FORCE)");
                return true;
            }
            catch (NpgsqlException e)
            {
                refusal = e;
                return false;
            }
        }, () => $"database {_name} dropped: {refusal?.Message}", TimeSpan.FromMinutes(1));
    }

    private static string Server => Environment.GetEnvironmentVariable("NEWSLETTER_TEST_POSTGRES")
        ?? throw new InvalidOperationException("NEWSLETTER_TEST_POSTGRES is not set: start the tests with tests/run.");

    private Task ExecuteAsync(string sql) => ExecuteAsync(_server, sql);

    private static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server) { Pooling = false, Database = "postgres" }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
