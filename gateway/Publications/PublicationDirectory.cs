using System.Diagnostics;
using System.Net.Http.Json;
using MassTransit;
using Microsoft.Extensions.Options;
using Newsletter.Contracts;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Http;

namespace Newsletter.Gateway.Publications;

/// <summary>A publication as the gateway needs it.</summary>
public sealed record PublicationHost(Guid Id, string Slug, string BaseUrl)
{
    public Uri Address { get; } = new(BaseUrl);

    /// <summary>True where the publication is an origin of its own; else it lives below <c>/{slug}</c> on a shared host.</summary>
    public bool IsOrigin => Address.AbsolutePath == "/";
}

/// <summary>Hosts and slugs, from content at start, from <see cref="PublicationChanged"/> after that, and again every half minute in case one was missed.</summary>
internal sealed partial class PublicationDirectory(
    ServiceDirectory services, IHttpClientFactory clients, IOptions<NewsletterOptions> newsletter,
    IHostApplicationLifetime lifetime, ILogger<PublicationDirectory> log) : BackgroundService
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AskAtMostEvery = TimeSpan.FromMilliseconds(500);
    private readonly SemaphoreSlim _asking = new(1, 1);
    private volatile IReadOnlyDictionary<string, PublicationHost> _bySlug = new Dictionary<string, PublicationHost>();
    private volatile IReadOnlyDictionary<string, PublicationHost> _byHost = new Dictionary<string, PublicationHost>();
    private long _askedAt;
    private bool _answered;

    public IEnumerable<PublicationHost> All => _bySlug.Values;

    /// <inheritdoc cref="BySlugAsync"/>
    public async ValueTask<PublicationHost?> ByHostAsync(HostString host, CancellationToken cancellation)
    {
        var name = host.Value ?? "";
        if (_byHost.GetValueOrDefault(name) is { } known) return known;
        if (SlugIn(host.Host) is not { } slug) return null;
        await BySlugAsync(slug, cancellation);
        return _byHost.GetValueOrDefault(name);
    }

    /// <summary>True for hosts that only a publication may have.</summary>
    public bool IsForPublications(HostString host) => SlugIn(host.Host) is not null;

    /// <summary>Asks content where it is not known yet: a publication that was made a moment ago. All who wait share one answer.</summary>
    /// <exception cref="HttpRequestException">Content does not answer: nobody can tell whether there is such a publication.</exception>
    public async ValueTask<PublicationHost?> BySlugAsync(string slug, CancellationToken cancellation)
    {
        if (_bySlug.TryGetValue(slug, out var known) || !CouldBeSlug(slug)) return known;
        var answered = await LoadAsync(cancellation);
        if (_bySlug.TryGetValue(slug, out known) || answered) return known;
        throw new HttpRequestException("Content does not tell its publications.");
    }

    public void Changed(PublicationSnapshot publication) => Replace(
        _bySlug.Values.Where(p => p.Id != publication.Id)
            .Concat(publication.Deleted ? [] : [new PublicationHost(publication.Id, publication.Slug, publication.BaseUrl)]));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // In standalone content is this process itself, which answers once it listens.
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var started = lifetime.ApplicationStarted.Register(listening.SetResult);
        await listening.Task.WaitAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            await LoadAsync(stoppingToken);
            var pause = _bySlug.Count == 0 ? TimeSpan.FromSeconds(1) : Refresh;
            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private string? SlugIn(string host) =>
        newsletter.Value.PagesDomain is { } domain && host.EndsWith($".{domain}", StringComparison.OrdinalIgnoreCase) ? host[..^(domain.Length + 1)] : null;

    private static bool CouldBeSlug(string text) => text.Length is > 0 and <= 63 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    /// <summary>Whether content answered.</summary>
    private async Task<bool> LoadAsync(CancellationToken cancellation)
    {
        var came = Stopwatch.GetTimestamp();
        await _asking.WaitAsync(cancellation);
        try
        {
            if (_askedAt > came) return _answered;
            var rest = AskAtMostEvery - Stopwatch.GetElapsedTime(_askedAt);
            if (_askedAt != 0 && rest > TimeSpan.Zero) await Task.Delay(rest, cancellation);
            (_askedAt, _answered) = (Stopwatch.GetTimestamp(), false);
            using var client = clients.CreateClient("internal");
            var listed = await client.GetFromJsonAsync<ListPage<PublicationHost>>(
                new Uri(services.AddressOf("content"), "/internal/publications"), Json.Options, cancellation);
            Replace(listed!.Items);
            return _answered = true;
        }
        catch (Exception e) when (e is HttpRequestException or System.Text.Json.JsonException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            ContentAway(e.GetType().Name);
            return false;
        }
        finally
        {
            _asking.Release();
        }
    }

    private void Replace(IEnumerable<PublicationHost> publications)
    {
        var all = publications.ToList();
        _bySlug = all.ToDictionary(p => p.Slug, StringComparer.Ordinal);
        _byHost = all.Where(p => p.IsOrigin).ToDictionary(p => p.Address.Authority, StringComparer.OrdinalIgnoreCase);
    }

    public override void Dispose()
    {
        _asking.Dispose();
        base.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Content does not tell its publications ({Reason}); going on with those known")]
    private partial void ContentAway(string reason);
}

/// <summary>Every gateway process hears of every change.</summary>
internal sealed class PublicationHostConsumer(PublicationDirectory directory) : IConsumer<PublicationChanged>
{
    public Task Consume(ConsumeContext<PublicationChanged> context)
    {
        directory.Changed(context.Message.Publication);
        return Task.CompletedTask;
    }
}
