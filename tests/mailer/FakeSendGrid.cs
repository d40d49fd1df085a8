using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Tests;

public sealed record FakeMail(string To, string Subject, string Html, string Text, IReadOnlyDictionary<string, string> Headers, IReadOnlyDictionary<string, string> Args)
{
    public string From { get; init; } = "";
}

/// <summary>SendGrid's mail endpoint as the mailer sees it, with what a test wants to go wrong. Like it, it refuses substitutions beyond 10,000 bytes and looks for no tags in what it has put in.</summary>
public sealed partial class FakeSendGrid : IAsyncDisposable
{
    private const int MostSubstituted = 10_000;
    private readonly WebApplication _app;
    private readonly TaskCompletionSource _closing = new();
    private int _calls;

    private FakeSendGrid(WebApplication app) => _app = app;

    public ConcurrentQueue<FakeMail> Mails { get; } = new();
    public int Calls => _calls;
    public Uri Address => new(_app.Urls.First());

    /// <summary>Decides over a call before its mails are kept: an HTTP status; 202 keeps them. Throwing breaks the connection off.</summary>
    public Func<int, Task<int>> Answer { get; set; } = _ => Task.FromResult(StatusCodes.Status202Accepted);

    /// <summary>With answers that take nothing.</summary>
    public Dictionary<string, string> RefusalHeaders { get; } = [];

    /// <summary>Ends when the provider does: for calls that are never answered.</summary>
    public Task Closing => _closing.Task;

    /// <summary>Looks on after the mails were kept, before the answer leaves.</summary>
    public Func<Task> AfterKept { get; set; } = () => Task.CompletedTask;

    public static async Task<FakeSendGrid> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(k => k.Limits.MaxRequestBodySize = 32 << 20);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var fake = new FakeSendGrid(app);
        app.MapPost("/v3/mail/send", (Delegate)fake.TakeAsync);
        await app.StartAsync();
        return fake;
    }

    public IReadOnlyList<FakeMail> To(string name) => Mails.Where(m => m.To == $"{name}@example.com").ToList();

    public void Close() => _closing.TrySetResult();

    public IReadOnlyList<FakeMail> Of(Edition edition) => Mails.Where(m => m.Args.GetValueOrDefault("edition") == edition.Id.ToString("N")).ToList();

    private async Task<IResult> TakeAsync(HttpContext http)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        var status = await Answer(Interlocked.Increment(ref _calls));
        if (status == 0) http.Abort();
        if (status != StatusCodes.Status202Accepted) foreach (var (name, value) in RefusalHeaders) http.Response.Headers[name] = value;
        if (status != StatusCodes.Status202Accepted) return Results.Json(new { errors = new[] { new { message = "no" } } }, statusCode: status < 400 ? 500 : status);
        if (body.RootElement.GetProperty("personalizations").EnumerateArray().Any(p => Map(p, "substitutions").Sum(s => Encoding.UTF8.GetByteCount(s.Key) + Encoding.UTF8.GetByteCount(s.Value)) > MostSubstituted))
            return Results.Json(new { errors = new[] { new { message = "The substitutions are too large.", field = "personalizations" } } }, statusCode: StatusCodes.Status400BadRequest);
        foreach (var mail in MailsOf(body.RootElement)) Mails.Enqueue(mail);
        await AfterKept();
        http.Response.Headers["X-Message-Id"] = Guid.NewGuid().ToString("N");
        return Results.StatusCode(status);
    }

    private static IEnumerable<FakeMail> MailsOf(JsonElement body)
    {
        var content = body.GetProperty("content").EnumerateArray().ToDictionary(c => c.GetProperty("type").GetString()!, c => c.GetProperty("value").GetString()!);
        foreach (var person in body.GetProperty("personalizations").EnumerateArray())
        {
            var substitutions = Map(person, "substitutions");
            string Fill(string text) => Tag().Replace(text, tag => substitutions.GetValueOrDefault(tag.Value, tag.Value));
            var headers = Map(body, "headers");
            foreach (var (name, value) in Map(person, "headers")) headers[name] = value;
            var args = Map(body, "custom_args");
            foreach (var (name, value) in Map(person, "custom_args")) args[name] = value;
            yield return new(
                person.GetProperty("to")[0].GetProperty("email").GetString()!,
                Fill(body.GetProperty("subject").GetString()!), Fill(content["text/html"]), Fill(content["text/plain"]), headers, args)
            {
                From = body.GetProperty("from").GetProperty("email").GetString()!,
            };
        }
    }

    private static Dictionary<string, string> Map(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var map) && map.ValueKind == JsonValueKind.Object
            ? map.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!)
            : [];

    [GeneratedRegex("-~.+?~-")]
    private static partial Regex Tag();

    public async ValueTask DisposeAsync()
    {
        Close();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
