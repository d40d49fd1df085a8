using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Threading.Channels;
using Newsletter.Sandbox.Storage;

namespace Newsletter.Sandbox.Webhooks;

/// <summary>Where one post goes, and the headers that sign it.</summary>
internal sealed record SignedPost(string Target, string Body, IReadOnlyList<(string Name, string Value)> Headers);

/// <summary>
/// Works off one provider's queue, in order, until each receiver has answered 2xx. The rows are the queue, so a restart changes nothing;
/// a receiver may see a post twice, as with the real ones.
/// </summary>
internal abstract partial class WebhookSender(
    string provider, TimeSpan patience, SandboxDb db, IHttpClientFactory clients, TimeProvider clock, ILogger log) : BackgroundService
{
    public const string Client = "sandbox-webhooks";

    /// <summary>Between two looks at what became due by time alone.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Holds one ring at most: how often something came is all the same.</summary>
    private readonly Channel<bool> bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    protected SandboxDb Db => db;

    protected long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Copies to send beside each post.</summary>
    protected abstract int Repeats { get; }

    protected abstract bool Shuffles { get; }

    protected virtual TimeSpan Hold => TimeSpan.Zero;

    public override void Dispose()
    {
        db.Committed -= Ring;
        base.Dispose();
    }

    /// <summary>The post as it goes out now, or null where its receiver is gone.</summary>
    protected abstract SignedPost? Sign(QueuedPost post, long unixSeconds);

    /// <summary>Puts what has become due into the queue.</summary>
    protected virtual Task FillAsync(CancellationToken cancel) => Task.CompletedTask;

    protected virtual bool IsLost() => false;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        db.Committed += Ring;
        while (!stoppingToken.IsCancellationRequested)
        {
            await FillAsync(stoppingToken);
            var due = db.Read(connection => WebhookQueue.Due(connection, provider, Now - (long)Hold.TotalMilliseconds, Shuffles));
            foreach (var post in due)
            {
                await DeliverAsync(post, stoppingToken);
            }

            if (due.Count == 0)
            {
                await Task.WhenAny(bell.Reader.WaitToReadAsync(stoppingToken).AsTask(), Task.Delay(Pause, stoppingToken));
                bell.Reader.TryRead(out _);
            }
        }
    }

    private async Task DeliverAsync(QueuedPost post, CancellationToken cancel)
    {
        if (Sign(post, clock.GetUtcNow().ToUnixTimeSeconds()) is not { } signed)
        {
            await db.WriteAsync(connection => WebhookQueue.Done(connection, post), cancel);
            return;
        }

        var problem = IsLost() ? "lost on the way, as asked" : null;
        for (var copy = 0; problem is null && copy <= Repeats; copy++)
        {
            problem = await PostAsync(signed, cancel);
        }

        if (problem is null)
        {
            await db.WriteAsync(connection => WebhookQueue.Done(connection, post), cancel);
            return;
        }

        Undelivered(provider, post.Id, post.Attempts + 1, problem);
        await db.WriteAsync(connection => WebhookQueue.Failed(connection, post, problem, clock.GetUtcNow(), patience), cancel);
    }

    /// <summary>Null when the receiver has taken it, else what happened instead.</summary>
    private async Task<string?> PostAsync(SignedPost post, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, post.Target)
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(post.Body))
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json", "utf-8") },
            },
        };
        foreach (var (name, value) in post.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var client = clients.CreateClient(Client);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return response.IsSuccessStatusCode ? null : ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        }
        catch (HttpRequestException failure)
        {
            return failure.HttpRequestError.ToString();
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return "no answer in time";
        }
    }

    private void Ring() => bell.Writer.TryWrite(true);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Post {Post} of {Provider} was not taken at attempt {Attempt}: {Problem}")]
    private partial void Undelivered(string provider, long post, int attempt, string problem);
}
