using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Outbox;
using Npgsql;

namespace Newsletter.Defaults.Storage;

public static class StorageSetup
{
    /// <summary>
    /// Registers <typeparamref name="TDb"/> on the database that <c>ConnectionStrings__{service}</c> names: <c>Host=…</c> is PostgreSQL,
    /// <c>Data Source=…</c> is SQLite. Brings the schema up to date before the process serves, and relays its outbox.
    /// </summary>
    public static void AddServiceDb<TDb, TPostgres, TSqlite>(this WebApplicationBuilder builder, string service)
        where TDb : ServiceDb where TPostgres : TDb where TSqlite : TDb
    {
        var connection = builder.Configuration.GetConnectionString(service)
            ?? throw new SettingException($"ConnectionStrings__{service}", "is missing.");
        if (!IsWellFormed(connection)) throw new SettingException($"ConnectionStrings__{service}", "is neither PostgreSQL's (Host=…) nor SQLite's (Data Source=…).");
        builder.Services.AddSingleton<OutboxSignal<TDb>>();
        // The options are the same for every scope; built once, they are also compared by reference when EF looks for its services.
        if (IsSqlite(connection))
            builder.Services.AddDbContext<TDb, TSqlite>((services, options) => options.UseSqliteFile(connection).AddRelaySignal<TDb>(services), optionsLifetime: ServiceLifetime.Singleton);
        else
            builder.Services.AddDbContext<TDb, TPostgres>((services, options) => options.UsePostgres(connection).AddRelaySignal<TDb>(services), optionsLifetime: ServiceLifetime.Singleton);

        // First of all hosted services: others, Data Protection's among them, read tables when they start.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, Migrator<TDb>>());
        builder.Services.AddHostedService<OutboxRelay<TDb>>();
        builder.Services.AddHostedService<IdempotencyCleanup<TDb>>();
        builder.Services.AddSingleton(new ServiceName<TDb>(service));
        builder.Services.AddScoped<OutboxRows<TDb>>();
        builder.Services.AddHostedService<OperationsWatch<TDb>>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseCheck<TDb>>(HealthCheckOf(service));
        builder.Services.AddDataProtection().SetApplicationName("newsletter").PersistKeysToDbContext<TDb>();
    }

    internal static string HealthCheckOf(string service) => $"database {service}";

    private static bool IsWellFormed(string connection)
    {
        try
        {
            return IsSqlite(connection)
                ? new SqliteConnectionStringBuilder(connection).DataSource.Length > 0
                : new NpgsqlConnectionStringBuilder(connection) is { Host.Length: > 0 };
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            return false;
        }
    }

    internal static bool IsSqlite(string connection) => connection.Contains("Data Source=", StringComparison.OrdinalIgnoreCase);

    public static DbContextOptionsBuilder UsePostgres(this DbContextOptionsBuilder options, string connection) =>
        options.UseNpgsql(connection).UseSnakeCaseNamingConvention();

    public static DbContextOptionsBuilder UseSqliteFile(this DbContextOptionsBuilder options, string connection)
    {
        var file = new SqliteConnectionStringBuilder(connection).DataSource;
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder) Directory.CreateDirectory(folder);
        return options.UseSqlite(connection).UseSnakeCaseNamingConvention();
    }

    private static void AddRelaySignal<TDb>(this DbContextOptionsBuilder options, IServiceProvider services) where TDb : ServiceDb =>
        options
            .AddInterceptors(new OutboxInterceptor(services.GetRequiredService<OutboxSignal<TDb>>()), new AuditInterceptor())
            .ConfigureWarnings(w => w.Ignore(RelationalEventId.PendingModelChangesWarning));
}

/// <summary>Whose database it is: several services share a process in standalone.</summary>
internal sealed record ServiceName<TDb>(string Value) where TDb : ServiceDb;

/// <summary>What <c>dotnet ef migrations add</c> needs; nothing is connected to.</summary>
public abstract class DesignTimeDb<TDb>(Func<DbContextOptions<TDb>, TDb> create) : IDesignTimeDbContextFactory<TDb> where TDb : DbContext
{
    public TDb CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<TDb>();
        if (typeof(TDb).Name.Contains("Sqlite", StringComparison.Ordinal)) options.UseSqlite("Data Source=:memory:").UseSnakeCaseNamingConvention();
        else options.UsePostgres("Host=localhost");
        return create(options.Options);
    }
}
