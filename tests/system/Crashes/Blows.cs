using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests.Crashes;

internal enum Blow { Mailer, Database, Broker, Connections, Link }

/// <summary>What happens to an installation at moments that nobody chose; which, and when, the seed decides.</summary>
internal sealed class Blows(CrashHouse house, CrashEdition edition, Random random)
{
    // One after the other, so that few blows have of each kind already.
    private static readonly Blow[] Round = [Blow.Mailer, Blow.Database, Blow.Mailer, Blow.Broker, Blow.Mailer, Blow.Connections, Blow.Mailer, Blow.Link];
    private readonly List<string> _struck = [];

    public int MailersKilled { get; private set; }

    public int Count => _struck.Count;

    public override string ToString() => string.Join(", ", _struck);

    /// <param name="meanwhile">What else goes wrong before each of them.</param>
    public async Task FallAsync(int most, Func<Task> meanwhile)
    {
        var blows = Enumerable.Range(0, most).Select(i => Round[i % Round.Length]).ToArray();
        random.Shuffle(blows);
        // Now and then while the audience is still being written down.
        if (random.Next(4) > 0) await edition.BegunAsync();
        foreach (var blow in blows)
        {
            if (await edition.IsOverAsync()) return;
            await meanwhile();
            // At any moment of a call: that is what is tested.
            await Task.Delay(random.Next(200, 2_000), TestContext.Current.CancellationToken);
            _struck.Add(await StrikeAsync(blow));
        }
    }

    private async Task<string> StrikeAsync(Blow blow)
    {
        var servers = house.Servers!;
        switch (blow)
        {
            case Blow.Mailer:
                var mailer = random.Next(house.Mailers.Count);
                await house.Mailers[mailer].KillAsync();
                MailersKilled++;
                house.Mailers[mailer].Start();
                await house.Mailers[mailer].ReadyAsync(TimeSpan.FromMinutes(2));
                return $"mailer {mailer} killed";
            case Blow.Database:
                await servers.KillPostgresAsync();
                await servers.StartPostgresAsync();
                return "PostgreSQL killed";
            case Blow.Broker:
                // What the broker has confirmed survives in its log; what it has not seen, in the sender's outbox.
                await edition.JoinLateAsync();
                await servers.KillRabbitMqAsync();
                await edition.JoinLateAsync();
                await servers.StartRabbitMqAsync();
                return "RabbitMQ killed";
            case Blow.Connections:
                await house.DatabaseOf("mailer").DropConnectionsAsync();
                return "database's connections ended";
            default:
                house.Broker.Cut();
                await Task.Delay(random.Next(100, 1_000), TestContext.Current.CancellationToken);
                house.Broker.Mend();
                return "broker cut off";
        }
    }
}
