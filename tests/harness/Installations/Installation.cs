using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace Newsletter.Tests.Harness.Installations;

/// <summary>A whole installation with the seed publication, in one of its two forms; a test talks to it as the world does.</summary>
public abstract class Installation : IAsyncDisposable
{
    public const string OwnerKey = "nlk_system-tests-owner-key-0123456789abcdefghijkl";
    private readonly List<HttpClient> _clients = [];

    /// <summary>Where the API, the inbox and the sandbox are.</summary>
    public abstract Uri Address { get; }

    /// <summary>A publication's base address, without a trailing slash.</summary>
    public abstract string BaseUrlOf(string slug);

    /// <summary>Where each of its processes answers <c>/metrics</c>.</summary>
    public abstract IReadOnlyCollection<Uri> Processes { get; }

    public abstract ValueTask InitializeAsync();

    /// <summary>A visitor's browser without script: keeps cookies, follows no redirect by itself.</summary>
    public HttpClient Visitor(bool followRedirects = false)
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = followRedirects,
            UseCookies = true,
            // *.localhost is this machine, whether or not the resolver knows.
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync("127.0.0.1", context.DnsEndPoint.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Accept.ParseAdd("text/html, application/json;q=0.9");
        _clients.Add(client);
        return client;
    }

    /// <summary>The API with the installation owner's key.</summary>
    public HttpClient Staff(string key = OwnerKey)
    {
        var client = Visitor();
        client.DefaultRequestHeaders.Accept.Clear();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>Mail to one address, newest first.</summary>
    public async Task<List<Mail>> MailToAsync(string address)
    {
        var answer = await Staff().GetFromJsonAsync<JsonElement>($"/sandbox/api/messages?to={Uri.EscapeDataString(address)}");
        return answer.GetProperty("items").Deserialize<List<Mail>>(JsonSerializerOptions.Web)!;
    }

    public Task<Mail> MailAsync(string address, Func<Mail, bool> match, string what, TimeSpan? deadline = null) =>
        Eventually.GetAsync(async () => (await MailToAsync(address)).FirstOrDefault(match), $"mail to {address}: {what}", deadline ?? TimeSpan.FromSeconds(60));

    public virtual ValueTask DisposeAsync()
    {
        foreach (var client in _clients) client.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    protected async Task SeededAsync() => await Eventually.TrueAsync(async () =>
    {
        using var answer = await Staff().GetAsync("/api/v1/publications/scipapermill/posts/deep-learning-2026-07-04");
        using var readers = await Staff().GetAsync("/api/v1/publications/scipapermill/subscribers?limit=1");
        return answer.IsSuccessStatusCode && readers.IsSuccessStatusCode
            && (await readers.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items").GetArrayLength() > 0;
    }, "the seed publication", TimeSpan.FromSeconds(90));
}

/// <summary>A mail as the sandbox's inbox shows it.</summary>
public sealed record Mail(string To, string From, string Subject, Dictionary<string, string> Headers, string Html, string Text)
{
    /// <summary>The first link in the text that contains a word.</summary>
    public Uri Link(string containing) => new(System.Text.RegularExpressions.Regex.Matches(Text, @"https?://\S+")
        .Select(m => m.Value.TrimEnd('.', ',', ')', '>')).First(l => l.Contains(containing, StringComparison.Ordinal)));
}
