using Newsletter.Tests.Harness;
using Npgsql;

namespace Newsletter.Mailer.Tests;

/// <summary>Somebody else at PostgreSQL: what they have locked, the mailer waits for.</summary>
internal sealed class OtherSession : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlConnection _watch;

    private OtherSession(string address) => (_connection, _watch) = (new(address), new(address));

    public static async Task<OtherSession> BeginAsync(TestDatabase database)
    {
        OtherSession session = new(database.ConnectionString);
        await session._connection.OpenAsync(TestContext.Current.CancellationToken);
        await session._watch.OpenAsync(TestContext.Current.CancellationToken);
        return session;
    }

    public Task ExecuteAsync(string sql) => AskAsync(_connection, sql);

    /// <summary>Beside what it has begun.</summary>
    public Task<object?> AskAsync(string sql) => AskAsync(_watch, sql);

    /// <summary>Returns once a statement like this one waits for what it has locked.</summary>
    public Task HoldsUpAsync(string statement) => Eventually.TrueAsync(
        async () => await AskAsync($"SELECT 1 FROM pg_stat_activity WHERE {_connection.ProcessID} = ANY (pg_blocking_pids(pid)) AND query LIKE '{statement}'") is not null, $"{statement} that waits");

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _watch.DisposeAsync();
    }

    private static async Task<object?> AskAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
