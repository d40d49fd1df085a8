using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Storage;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Shelf;

namespace Newsletter.Defaults.Tests.Operations;

/// <summary>The shelf with its operations API, and a consumer of posts that fails for as long as the test wants.</summary>
internal sealed class OperatedShelf : IAsyncDisposable
{
    private const string Api = "/api/v1/operations/shelf";

    private OperatedShelf(ServiceUnderTest service, TestDatabase database) => (Service, Database) = (service, database);

    public ServiceUnderTest Service { get; }
    private TestDatabase Database { get; }
    public PostBehaviour Posts => Service.Services.GetRequiredService<PostBehaviour>();
    public Watch Watch => Service.Services.GetRequiredService<Watch>();
    public HttpClient Operator => Service.As(Role.Operator, null);

    /// <param name="broker">Null: one process with its consumers, as standalone.</param>
    public static async Task<OperatedShelf> StartAsync(Uri? broker)
    {
        var database = await TestDatabase.CreateAsync(broker is null ? DatabaseKind.Sqlite : DatabaseKind.Postgres);
        await using (var db = ShelfProcess.Open(database.ConnectionString)) await db.Database.EnsureCreatedAsync();
        var service = await ServiceUnderTest.StartAsync("shelf", builder =>
        {
            builder.AddServiceDb<ShelfDb, ShelfPostgresDb, ShelfSqliteDb>("shelf");
            builder.Services.AddSingleton<PostBehaviour>();
            builder.Services.AddSingleton<Watch>();
            builder.AddConsumers("shelf").Add<PostConsumer>();
            builder.AddConsumers("subscriber").Add<DeedConsumer>();
        }, app => app.MapOperations<ShelfDb>("shelf"), useDatabase: database, broker: broker);
        return new(service, database);
    }

    public void FailWith(Exception cause) => Posts.OnPost = _ => throw cause;

    public void Mend() => Posts.OnPost = _ => Task.CompletedTask;

    /// <returns>The trace that it was published in.</returns>
    public async Task<string> PublishAsync(string slug)
    {
        using var request = new Activity("publish").Start();
        await Service.WithDbAsync((ShelfDb db) =>
        {
            db.Publish(new PostChanged(ShelfProcess.Post(slug)));
            return db.SaveChangesAsync();
        });
        return request.TraceId.ToString();
    }

    public Task<JsonElement> ShowAsync() => Operator.GetFromJsonAsync<JsonElement>(Api);

    public async Task<List<JsonElement>> ErrorsAsync(string query = "") =>
        [.. (await Operator.GetFromJsonAsync<JsonElement>($"{Api}/errors{query}")).GetProperty("items").EnumerateArray()];

    public Task<List<JsonElement>> ErrorsAsync(int count) => Eventually.GetAsync(
        async () => await ErrorsAsync() is { } errors && errors.Count == count ? errors : null, $"{count} errors", TimeSpan.FromSeconds(40));

    public async Task<int> ReplayAsync(string queue, params string[] ids)
    {
        using var answer = await Operator.PostAsJsonAsync($"{Api}/errors/replay", new { queue, ids = ids.Length == 0 ? null : ids });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("replayed").GetInt32();
    }

    public Task<HttpResponseMessage> GetAsync(Role? role, string path = "") =>
        (role is { } known ? Service.As(known, null) : Service.Anonymous()).GetAsync(new Uri(Api + path, UriKind.Relative));

    public Task HeardAsync(params string[] slugs) =>
        Eventually.TrueAsync(() => Task.FromResult(slugs.All(Watch.Seen.Contains)), $"{string.Join(", ", slugs)} heard");

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        await Database.DisposeAsync();
    }
}
