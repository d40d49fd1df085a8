using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Newsletter.Defaults.Storage;

/// <summary>Tells a database that is away (wait, answer 503) from a wrong query.</summary>
public static class DatabaseFailure
{
    public static bool IsAway(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                // The server ended or refused the session: shutting down, starting, too many, closed to connections. Class 28 is a wrong password.
                case PostgresException { InvariantSeverity: "FATAL" or "PANIC" } refused when !refused.SqlState.StartsWith("28", StringComparison.Ordinal):
                case PostgresException { SqlState: "57P01" or "57P02" or "57P03" }:
                case NpgsqlException { InnerException: SocketException or IOException or TimeoutException }:
                    return true;
                case NpgsqlException { IsTransient: true } and not PostgresException:
                    return true;
            }
        }
        return false;
    }

    /// <summary>The transaction was given up, so that another one could go on which waited for it: nothing of it happened, and it may be made again.</summary>
    public static bool IsDeadlock(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected }) return true;
        }
        return false;
    }

    /// <summary>Somebody else wrote the same row first: reading again and trying again helps.</summary>
    public static bool IsLostRace(DbUpdateException e) => e is DbUpdateConcurrencyException || IsUniqueViolation(e) || IsDeadlock(e);

    public static bool IsUniqueViolation(DbUpdateException e) => e.InnerException switch
    {
        PostgresException p => p.SqlState == PostgresErrorCodes.UniqueViolation,
        // SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY
        Microsoft.Data.Sqlite.SqliteException s => s.SqliteExtendedErrorCode is 2067 or 1555,
        _ => false,
    };
}
