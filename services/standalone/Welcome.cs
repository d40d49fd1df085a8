using Microsoft.Extensions.Options;
using Newsletter.Defaults.Hosting;
using Newsletter.Seeds;

namespace Newsletter.Standalone;

/// <summary>Once the process listens: loads the seed publication on a first start, and says where to look.</summary>
internal sealed partial class Welcome(
    Home home, IOptions<NewsletterOptions> newsletter, IConfiguration configuration,
    IHostApplicationLifetime lifetime, ILogger<Welcome> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var started = lifetime.ApplicationStarted.Register(() => listening.SetResult());
        await listening.Task.WaitAsync(stoppingToken);

        var url = newsletter.Value.Url.TrimEnd('/');
        var marker = Path.Combine(newsletter.Value.Data, "seeded");
        if (configuration.GetValue("Newsletter:Seed", true) && !File.Exists(marker))
        {
            try
            {
                await SeedLoader.LoadAsync(new Uri(url), home.OwnerKey, SeedLoader.ShippedFolder, stoppingToken);
                await File.WriteAllTextAsync(marker, "", stoppingToken);
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException)
            {
                SeedFailed(e);
            }
        }
        Say(url);
    }

    private void Say(string url)
    {
        var key = home.IsNew ? $"\n  Owner's API key   {home.OwnerKey}   (shown this once; kept in {Path.Combine(newsletter.Value.Data, "secrets.json")})" : "";
        var sandbox = home switch
        {
            { KeepsMail: true } => $"\n  Inbox             {url}/sandbox/inbox   (every mail; nothing leaves this machine)",
            { UsesSandbox: true } => $"\n  Sandbox           {url}/sandbox   (in the place of a provider)",
            _ => "",
        };
        var owner = configuration["Newsletter:Owner:Email"];
        System.Console.WriteLine($"""

              Newsletter is ready.

              Site              {url}/{sandbox}
              API reference     {url}/docs
              Console           {url}/console   (sign in as {owner}){key}

            """);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The seed publication was not loaded completely; it is tried again at the next start")]
    private partial void SeedFailed(Exception e);
}
