using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using MassTransit;
using MassTransit.Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Storage;

namespace Newsletter.Tests.Harness;

/// <summary>
/// One service as it runs in production, on a real socket and a database of its own, with the in-process bus.
/// The test plays the others: it publishes their events, reads what the service sent, and signs tokens.
/// </summary>
public sealed class ServiceUnderTest : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<object> _sent = new();
    private readonly List<HttpClient> _clients = [];

    private readonly bool _ownsDatabase;

    private ServiceUnderTest(WebApplication app, TestDatabase database, bool ownsDatabase, TestTokens tokens, ShiftedTime time) =>
        (_app, Database, _ownsDatabase, Tokens, Time) = (app, database, ownsDatabase, tokens, time);

    public TestDatabase Database { get; }
    public TestTokens Tokens { get; }
    public ShiftedTime Time { get; }
    public Uri Address => new(_app.Urls.First());
    public IServiceProvider Services => _app.Services;

    /// <param name="settings">Added to the configuration, keys with colons.</param>
    /// <param name="useDatabase">A database that outlives this service; whoever made it drops it.</param>
    /// <param name="broker">Talks over RabbitMQ, as in the distributed form; what it sends is then not seen here.</param>
    /// <param name="servesOwnKeys">True for subscriber, which publishes <c>/internal/jwks</c> itself.</param>
    public static async Task<ServiceUnderTest> StartAsync(
        string service, Action<WebApplicationBuilder> add, Action<WebApplication> map,
        IEnumerable<KeyValuePair<string, string?>>? settings = null, DatabaseKind database = DatabaseKind.Postgres,
        bool servesOwnKeys = false, TestDatabase? useDatabase = null, Uri? broker = null)
    {
        var db = useDatabase ?? await TestDatabase.CreateAsync(database);
        var tokens = new TestTokens();
        var time = new ShiftedTime();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Testing" });
        builder.Configuration.AddInMemoryCollection([new($"ConnectionStrings:{service}", db.ConnectionString), new("ConnectionStrings:rabbitmq", broker?.AbsoluteUri), .. settings ?? []]);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddDefaults(service);
        add(builder);
        if (broker is null) builder.AddInProcessBus();
        else builder.AddRabbitMqBus();
        builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(time));
        WebApplication? started = null;
        builder.Services.Replace(ServiceDescriptor.Singleton<ServiceDirectory>(p => new OneAddress(p.GetRequiredService<IConfiguration>(), () => new Uri(started!.Urls.First()))));
        var app = started = builder.Build();
        app.UseDefaults();
        map(app);
        app.MapDefaults();
        if (!servesOwnKeys) app.MapGet("/internal/jwks", () => Results.Text(tokens.Jwks, "application/json")).ForServices();
        var test = new ServiceUnderTest(app, db, useDatabase is null, tokens, time);
        if (broker is null) app.Services.GetRequiredService<IMediator>().ConnectSendObserver(new Recorder(test._sent));
        await app.StartAsync();
        return test;
    }

    /// <summary>A client without cookies or redirects of its own making. Who asks before sending a body (ExpectContinue) waits for the answer, however busy the machine.</summary>
    public HttpClient Anonymous(bool cookies = false)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = cookies, Expect100ContinueTimeout = TimeSpan.FromSeconds(30) };
        var client = new HttpClient(handler) { BaseAddress = Address };
        _clients.Add(client);
        return client;
    }

    /// <summary>Somebody with a token that is good for five minutes of the service's time.</summary>
    public HttpClient As(Role role, Guid? publication, Guid? subject = null, params string[] scopes) => As(Tokens.Sign(role, publication, subject, Time.Passed + TimeSpan.FromMinutes(5), scopes));

    public HttpClient As(string token)
    {
        var client = Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>As though another service had sent it; returns when every consumer is through.</summary>
    public Task PublishAsync<T>(T message) where T : class => _app.Services.GetRequiredService<IMediator>().Publish(message);

    /// <summary>What came out of the outbox (and what the test published), in order.</summary>
    public IReadOnlyList<T> Sent<T>() => _sent.OfType<T>().ToList();

    public async Task<T> SentAsync<T>(Func<T, bool> match) where T : class =>
        await Eventually.GetAsync(() => Task.FromResult(Sent<T>().FirstOrDefault(match)), $"{typeof(T).Name} sent");

    /// <summary>What waits in the outbox is due now, as though the time had passed.</summary>
    public Task HurryAsync<TDb>() where TDb : ServiceDb => WithDbAsync<TDb, int>(db =>
        db.Outbox.ExecuteUpdateAsync(row => row.SetProperty(m => m.DueAt, DateTimeOffset.UtcNow)));

    /// <summary>Whether an answer that was kept for its Idempotency-Key holds this text.</summary>
    public async Task<bool> IsKeptAsync<TDb>(string text) where TDb : ServiceDb
    {
        var kept = await WithDbAsync<TDb, List<byte[]>>(db => db.Database.SqlQuery<byte[]>($"SELECT body AS \"Value\" FROM idempotent_calls WHERE body IS NOT NULL").ToListAsync());
        return kept.Any(body => Encoding.UTF8.GetString(body).Contains(text, StringComparison.Ordinal));
    }

    public async Task<TResult> WithDbAsync<TDb, TResult>(Func<TDb, Task<TResult>> use) where TDb : notnull
    {
        await using var scope = _app.Services.CreateAsyncScope();
        return await use(scope.ServiceProvider.GetRequiredService<TDb>());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (_ownsDatabase) await Database.DisposeAsync();
        Tokens.Dispose();
    }

    private sealed class OneAddress(IConfiguration configuration, Func<Uri> address) : ServiceDirectory(configuration)
    {
        public override Uri AddressOf(string service) => address();
    }

    /// <summary>The mediator tells publish observers nothing; to it, a publication is a send.</summary>
    private sealed class Recorder(ConcurrentQueue<object> sent) : ISendObserver
    {
        public Task PreSend<T>(SendContext<T> context) where T : class => Task.CompletedTask;

        public Task PostSend<T>(SendContext<T> context) where T : class
        {
            sent.Enqueue(context.Message);
            return Task.CompletedTask;
        }

        public Task SendFault<T>(SendContext<T> context, Exception exception) where T : class => Task.CompletedTask;
    }
}
