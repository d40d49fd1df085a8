using MassTransit.Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Tests.Shelf;

/// <summary>The shelf as one process of the distributed form (or, without a broker, of standalone); several may share database and broker.</summary>
public sealed class ShelfProcess : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ShelfProcess(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());
    public PostBehaviour Posts => _app.Services.GetRequiredService<PostBehaviour>();
    public Watch Watch => _app.Services.GetRequiredService<Watch>();
    public IServiceProvider Services => _app.Services;

    public static async Task<ShelfProcess> StartAsync(string database, Uri? broker, Action<ServiceConsumers>? consumers = null, Action<WebApplicationBuilder>? also = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Testing" });
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:shelf", database), new("ConnectionStrings:rabbitmq", broker?.AbsoluteUri)]);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddDefaults("shelf");
        builder.AddServiceDb<ShelfDb, ShelfPostgresDb, ShelfSqliteDb>("shelf");
        builder.Services.AddSingleton<PostBehaviour>();
        builder.Services.AddSingleton<Watch>();
        (consumers ?? (c => c.Add<PostConsumer>()))(builder.AddConsumers("shelf"));
        also?.Invoke(builder);
        if (broker is null) builder.AddInProcessBus();
        else builder.AddRabbitMqBus();
        var app = builder.Build();
        app.UseDefaults();
        app.MapDefaults();
        await using (var db = Open(database)) await db.Database.EnsureCreatedAsync();
        await app.StartAsync();
        return new(app);
    }

    /// <summary>The database without a process around it. Its model has no migrations; the tables are made from the model.</summary>
    public static ShelfDb Open(string database) => database.StartsWith("Data Source", StringComparison.Ordinal)
        ? new ShelfSqliteDb((DbContextOptions<ShelfSqliteDb>)new DbContextOptionsBuilder<ShelfSqliteDb>().UseSqliteFile(database).Options)
        : new ShelfPostgresDb((DbContextOptions<ShelfPostgresDb>)new DbContextOptionsBuilder<ShelfPostgresDb>().UsePostgres(database).Options);

    public async Task<T> WithDbAsync<T>(Func<ShelfDb, Task<T>> use)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        return await use(scope.ServiceProvider.GetRequiredService<ShelfDb>());
    }

    /// <summary>Saves a note and the event that tells of it.</summary>
    public Task PublishPostAsync(string slug) => PublishAsync(new PostChanged(Post(slug)));

    public Task PublishAsync<T>(params T[] messages) where T : class => WithDbAsync(db =>
    {
        foreach (var message in messages)
        {
            db.Notes.Add(new Note { Id = Guid.CreateVersion7(), Text = message.ToString()! });
            db.Publish(message);
        }
        return db.SaveChangesAsync();
    });

    /// <summary>As though another service had sent it; returns when every consumer in this process is through.</summary>
    public Task DeliverAsync<T>(T message) where T : class =>
        _app.Services.GetRequiredService<IMediator>().Publish(message);

    public Task<int> WaitingAsync() => WithDbAsync(db => db.Outbox.CountAsync());

    public Task OutboxEmptyAsync(TimeSpan? deadline = null) => Eventually.TrueAsync(async () => await WaitingAsync() == 0, "empty outbox", deadline);

    public static PostSnapshot Post(string slug) => new()
    {
        Id = Guid.CreateVersion7(),
        PublicationId = Guid.CreateVersion7(),
        Version = 1,
        Slug = slug,
        Kind = PostKind.Digest,
        Access = Access.Subscribers,
        PublishedAt = DateTimeOffset.UnixEpoch.AddDays(20_000),
        Cuts = [new() { Level = Access.Paid, Html = "<p>ü</p>", Text = "ü" }],
    };

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
