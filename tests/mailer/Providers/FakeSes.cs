using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using MimeKit;

namespace Newsletter.Mailer.Tests.Providers;

/// <summary>A letter as SES takes it.</summary>
public sealed record SesLetter(MimeMessage Message, IReadOnlyDictionary<string, string> Tags, string? ConfigurationSet);

/// <summary>Amazon SES and SNS at their HTTP edge: letters only of those who sign as AWS asks (signature version 4, worked out here anew), certificates, confirmations.</summary>
public sealed class FakeSes : IAsyncDisposable
{
    public const string AccessKey = "AKIAIOSFODNN7EXAMPLE";
    public const string SecretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    public const string Region = "eu-central-1";
    private readonly WebApplication _app;

    private FakeSes(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();
    public ConcurrentQueue<SesLetter> Letters { get; } = new();
    /// <summary>Paths that were asked of SNS.</summary>
    public ConcurrentQueue<string> SnsCalls { get; } = new();
    public string Certificate { get; set; } = "";
    public Func<HttpContext, Task>? Answer { get; set; }

    public static async Task<FakeSes> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(k => k.Limits.MaxRequestBodySize = 16 << 20);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var fake = new FakeSes(app);
        app.MapPost("/v2/email/outbound-emails", fake.TakeAsync);
        app.MapGet("/{**path}", (HttpContext http) =>
        {
            fake.SnsCalls.Enqueue(http.Request.Path + http.Request.QueryString);
            return Results.Text(http.Request.Path.Value!.EndsWith(".pem", StringComparison.Ordinal) ? fake.Certificate : "<ConfirmSubscriptionResponse/>");
        });
        await app.StartAsync();
        return fake;
    }

    public static Func<HttpContext, Task> With(int status, string body, string? errorType = null) => async http =>
    {
        http.Response.StatusCode = status;
        if (errorType is not null) http.Response.Headers["x-amzn-ErrorType"] = errorType;
        await http.Response.WriteAsync(body);
    };

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var buffer = new MemoryStream();
        await http.Request.Body.CopyToAsync(buffer);
        var body = buffer.ToArray();
        if (!IsSigned(http.Request, body))
        {
            await With(403, """{"message":"The request signature we calculated does not match."}""", "InvalidSignatureException")(http);
            return;
        }
        if (Answer is { } answer)
        {
            await answer(http);
            return;
        }
        var mail = JsonElement.Parse(body);
        var raw = mail.GetProperty("Content").GetProperty("Raw").GetProperty("Data").GetBytesFromBase64();
        Letters.Enqueue(new(
            await MimeMessage.LoadAsync(new MemoryStream(raw)),
            mail.GetProperty("EmailTags").EnumerateArray().ToDictionary(t => t.GetProperty("Name").GetString()!, t => t.GetProperty("Value").GetString()!),
            mail.TryGetProperty("ConfigurationSetName", out var set) ? set.GetString() : null));
        await http.Response.WriteAsync($$"""{"MessageId":"{{Guid.NewGuid()}}"}""");
    }

    private static bool IsSigned(HttpRequest request, byte[] body)
    {
        // AWS4-HMAC-SHA256 Credential=…/20260101/region/ses/aws4_request, SignedHeaders=host;x-amz-date, Signature=…
        var parts = request.Headers.Authorization.ToString().Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        if (parts is not ["AWS4-HMAC-SHA256", var credential, var signedHeaders, var signature]) return false;
        var scope = credential["Credential=".Length..].Split('/');
        var date = request.Headers["X-Amz-Date"].ToString();
        if (scope is not [AccessKey, var day, Region, "ses", "aws4_request"] || !date.StartsWith(day, StringComparison.Ordinal)) return false;
        if ((DateTimeOffset.ParseExact(date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) - DateTimeOffset.UtcNow).Duration() > TimeSpan.FromMinutes(5)) return false;
        var names = signedHeaders["SignedHeaders=".Length..].Split(';');
        var canonical = new StringBuilder().Append(request.Method).Append('\n').Append(request.Path.Value).Append('\n').Append(request.QueryString.Value!.TrimStart('?')).Append('\n');
        foreach (var name in names) canonical.Append(name).Append(':').Append(request.Headers[name].ToString().Trim()).Append('\n');
        canonical.Append('\n').AppendJoin(';', names).Append('\n').Append(Hex(SHA256.HashData(body)));
        var toSign = $"AWS4-HMAC-SHA256\n{date}\n{string.Join('/', scope[1..])}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        var key = scope[1..].Aggregate(Encoding.UTF8.GetBytes($"AWS4{SecretKey}"), (k, part) => HMACSHA256.HashData(k, Encoding.UTF8.GetBytes(part)));
        return names.Contains("host") && signature == $"Signature={Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)))}";
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
