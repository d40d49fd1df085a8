using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Newsletter.Tests.Harness;

/// <summary>A virtual host of its own on the RabbitMQ of the tests, deleted at the end.</summary>
public sealed class TestBroker : IAsyncDisposable
{
    private readonly HttpClient _management;
    private readonly string _name = $"t_{Guid.NewGuid():N}";

    private TestBroker()
    {
        var api = new Uri(Setting("NEWSLETTER_TEST_RABBITMQ_MANAGEMENT"));
        _management = new() { BaseAddress = new($"{api.GetLeftPart(UriPartial.Scheme)}{api.Authority}/api/") };
        var user = Uri.UnescapeDataString(api.UserInfo.Length > 0 ? api.UserInfo : new Uri(Setting("NEWSLETTER_TEST_RABBITMQ")).UserInfo);
        _management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
        Address = new UriBuilder(Setting("NEWSLETTER_TEST_RABBITMQ")) { Path = _name }.Uri;
        UserName = user.Split(':')[0];
    }

    public Uri Address { get; }
    private string UserName { get; }

    public static async Task<TestBroker> CreateAsync()
    {
        var broker = new TestBroker();
        await broker.PutAsync($"vhosts/{broker._name}", new { });
        await broker.PutAsync($"permissions/{broker._name}/{broker.UserName}", new { configure = ".*", write = ".*", read = ".*" });
        return broker;
    }

    /// <summary>Name, type, arguments, as the management API tells them.</summary>
    public async Task<IReadOnlyList<JsonObject>> QueuesAsync() =>
        await _management.GetFromJsonAsync<List<JsonObject>>($"queues/{_name}") ?? [];

    public async Task<JsonObject?> QueueAsync(string name) => (await QueuesAsync()).SingleOrDefault(q => (string?)q["name"] == name);

    /// <summary>A queue is there before it is bound, and what is published in between is returned: here what tells of T gets into it.</summary>
    public Task BoundAsync<T>(string queue) => Eventually.TrueAsync(async () =>
    {
        var bindings = (await _management.GetFromJsonAsync<List<JsonObject>>($"bindings/{_name}") ?? []).Select(b => ((string?)b["source"], (string?)b["destination"])).ToHashSet();
        // The event's exchange, the one of the queue's name, the queue.
        return bindings.Contains(($"{typeof(T).Namespace}:{typeof(T).Name}", queue)) && bindings.Contains((queue, queue));
    }, $"{queue} bound to {typeof(T).Name}", TimeSpan.FromSeconds(60));

    /// <summary>Messages of a queue, looked at and left there.</summary>
    public async Task<IReadOnlyList<JsonObject>> PeekAsync(string queue)
    {
        using var answer = await _management.PostAsJsonAsync($"queues/{_name}/{queue}/get",
            new { count = 100, ackmode = "ack_requeue_true", encoding = "auto" });
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<List<JsonObject>>() ?? [];
    }

    /// <summary>As a producer of another make would.</summary>
    public async Task PublishAsync(string exchange, string routingKey, string payload, string messageId)
    {
        using var answer = await _management.PostAsJsonAsync($"exchanges/{_name}/{exchange}/publish",
            new { properties = new { message_id = messageId, delivery_mode = 2 }, routing_key = routingKey, payload, payload_encoding = "string" });
        answer.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        HttpStatusCode? said = null;
        await Eventually.TrueAsync(async () =>
        {
            using var answer = await _management.DeleteAsync(new Uri($"vhosts/{_name}", UriKind.Relative));
            said = answer.StatusCode;
            return answer.IsSuccessStatusCode || said == HttpStatusCode.NotFound;
        }, () => $"virtual host {_name} deleted: {said}", TimeSpan.FromMinutes(2));
        _management.Dispose();
    }

    private async Task PutAsync(string path, object body)
    {
        using var answer = await _management.PutAsJsonAsync(path, body);
        answer.EnsureSuccessStatusCode();
    }

    private static string Setting(string name) => Environment.GetEnvironmentVariable(name)
        ?? throw new InvalidOperationException($"{name} is not set: start the tests with tests/run.");
}
