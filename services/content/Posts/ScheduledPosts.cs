using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;
using Newsletter.Defaults.Operations;

namespace Newsletter.Content.Posts;

/// <summary>
/// Publishes what is due; of a suspended publication, when that is lifted. The change of state is the claim: of two processes that try, the one whose version is stale changes nothing,
/// so each post is published once.
/// </summary>
internal sealed partial class ScheduledPosts(IServiceScopeFactory scopes, PostCache cache, Schedules schedules, TimeProvider time, ILogger<ScheduledPosts> log) : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private const int AtOnce = 20;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var schedule = schedules.Of("content", "scheduled posts", Poll);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (var id in await DueAsync(stoppingToken)) await PublishAsync(id, stoppingToken);
                schedule.Ran();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A database that is away: the next round tries again.
                schedule.Failed(e);
                RoundFailed(e);
            }
            await Task.Delay(Poll, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<List<Guid>> DueAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var now = time.GetUtcNow();
        var db = scope.ServiceProvider.GetRequiredService<ContentDb>();
        return await db.Posts.Where(p => p.State == PostState.Scheduled && p.ScheduledAt <= now)
            .Where(p => !db.Publications.Any(o => o.Id == p.PublicationId && o.Suspended)).OrderBy(p => p.ScheduledAt).Select(p => p.Id).Take(AtOnce).ToListAsync(cancellation);
    }

    private async Task PublishAsync(Guid id, CancellationToken cancellation)
    {
        try
        {
            await PublishOneAsync(id, cancellation);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Another process published it, or its author changed it: the next round looks again.
            Overtaken(id);
        }
    }

    private async Task PublishOneAsync(Guid id, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ContentDb>();
        var post = await db.Posts.SingleOrDefaultAsync(p => p.Id == id && p.State == PostState.Scheduled, cancellation);
        if (post is null) return;
        var publication = KnownPublication.Of(await db.Publications.AsNoTracking().SingleAsync(p => p.Id == post.PublicationId, cancellation));
        post.Publish(post.NewsletterId, post.InRoundup, null, time.GetUtcNow());
        await db.SavePostAsync(post, publication, by: null, tell: true, cache, time, cancellation);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scheduled posts cannot be published now; trying again")]
    private partial void RoundFailed(Exception e);

    [LoggerMessage(Level = LogLevel.Information, Message = "Scheduled post {Post} was changed at the same time")]
    private partial void Overtaken(Guid post);
}
