using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Newsletter.Tests.Harness;
using Stripe;

namespace Newsletter.Sandbox.Tests;

internal sealed record Post(string Path, string Body, IReadOnlyDictionary<string, string> Headers);

/// <summary>Stands where billing and mailer take their webhooks.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<Post> posts = new();
    private readonly WebApplication app;

    private Receiver(WebApplication app) => this.app = app;

    public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>What it answers from now on.</summary>
    public int Status { get; set; } = 200;

    public IReadOnlyList<Post> Posts => [.. posts];

    public static async Task<Receiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new Receiver(app);
        app.MapPost("/{**path}", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body, Encoding.UTF8);
            var post = new Post(request.Path, await reader.ReadToEndAsync(), request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value.ToString()));
            var status = receiver.Status;
            if (status < 300)
            {
                receiver.posts.Enqueue(post);
            }

            return Results.StatusCode(status);
        });
        await app.StartAsync();
        return receiver;
    }

    /// <summary>Stripe's events so far, each with its signature verified as billing does.</summary>
    public IReadOnlyList<Event> Events(string secret, string path = "/webhooks/stripe") =>
        [.. Posts.Where(post => post.Path == path).Select(post => EventUtility.ConstructEvent(post.Body, post.Headers["Stripe-Signature"], secret))];

    public async Task<Event> EventAsync(string secret, string type, Func<Event, bool>? match = null) => await Eventually.GetAsync(
        () => Task.FromResult(Events(secret).LastOrDefault(told => told.Type == type && (match?.Invoke(told) ?? true))), $"event {type}");

    /// <summary>SendGrid's events so far, each post verified against the public key.</summary>
    public IReadOnlyList<JsonObject> Reports(string publicKey)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(publicKey), out _);
        var reports = new List<JsonObject>();
        foreach (var post in Posts.Where(post => post.Path == "/webhooks/sendgrid"))
        {
            var signed = Encoding.UTF8.GetBytes(post.Headers["X-Twilio-Email-Event-Webhook-Timestamp"] + post.Body);
            var signature = Convert.FromBase64String(post.Headers["X-Twilio-Email-Event-Webhook-Signature"]);
            Assert.True(key.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
            reports.AddRange(JsonNode.Parse(post.Body)!.AsArray().Select(report => report!.AsObject()));
        }

        return reports;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
