using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace Newsletter.Sandbox.Storage;

/// <summary>
/// One SQLite file. Writers take turns on one connection, because SQLite has one writer anyway and waiting here is fairer than
/// its busy loop; readers have their own connections and never wait (WAL).
/// </summary>
internal sealed class SandboxDb : IDisposable
{
    private readonly string connectionString;
    private readonly SqliteConnection writer;
    private readonly SemaphoreSlim turn = new(1, 1);

    public SandboxDb(IOptions<SandboxOptions> options)
    {
        var folder = Path.GetFullPath(options.Value.DataFolder);
        Directory.CreateDirectory(folder);
        connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(folder, "sandbox.db"),
            DefaultTimeout = 30,
        }.ToString();
        writer = Open();
        // NORMAL in WAL mode survives a killed process; only a power cut can lose the last commits.
        writer.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
        writer.Execute(Schema.Sql);
    }

    /// <summary>Raised after each commit: something may be due for delivery.</summary>
    public event Action? Committed;

    public async Task<T> WriteAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        T result;
        try
        {
            using var transaction = writer.BeginTransaction();
            result = work(writer);
            transaction.Commit();
        }
        finally
        {
            turn.Release();
        }

        Committed?.Invoke();
        return result;
    }

    public Task WriteAsync(Action<SqliteConnection> work, CancellationToken cancel) => WriteAsync(
        connection =>
        {
            work(connection);
            return true;
        },
        cancel);

    public T Read<T>(Func<SqliteConnection, T> work)
    {
        using var connection = Open();
        return work(connection);
    }

    public void Dispose()
    {
        writer.Dispose();
        turn.Dispose();
        using var pooled = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(pooled);
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        return connection;
    }
}
