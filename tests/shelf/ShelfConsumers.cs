using MassTransit;
using Newsletter.Contracts;
using Newsletter.Defaults.Copies;

namespace Newsletter.Tests.Shelf;

public sealed class PublicationConsumer(ShelfDb db) : PublicationCopyConsumer<ShelfDb>(db);

public sealed class GrantConsumer(ShelfDb db) : CopyConsumer<ShelfDb, GrantsChanged, GrantSnapshot, GrantCopy>(db)
{
    protected override IReadOnlyList<GrantSnapshot> SnapshotsOf(GrantsChanged changed) => changed.Grants;
}

/// <summary>What a test wants to happen when a post arrives.</summary>
public sealed class PostBehaviour
{
    public Func<ConsumeContext<PostChanged>, Task> OnPost { get; set; } = _ => Task.CompletedTask;
}

public sealed class PostConsumer(PostBehaviour behaviour, Watch watch) : IConsumer<PostChanged>
{
    public async Task Consume(ConsumeContext<PostChanged> context)
    {
        await behaviour.OnPost(context);
        watch.Seen.Enqueue(context.Message.Post.Slug);
    }
}

/// <summary>Stands where subscriber keeps the audit log: without it what staff did would wait for a queue.</summary>
public sealed class DeedConsumer(Watch watch) : IConsumer<StaffActed>
{
    public Task Consume(ConsumeContext<StaffActed> context)
    {
        watch.Deeds.Enqueue(context.Message);
        return Task.CompletedTask;
    }
}

public sealed class RequestWatcher(Watch watch) : IConsumer<RequestResync>
{
    public Task Consume(ConsumeContext<RequestResync> context)
    {
        watch.Seen.Enqueue(context.Message.Event);
        return Task.CompletedTask;
    }
}

/// <summary>Hears everything in each process, as the gateway does.</summary>
public sealed class PostWatcher(Watch watch) : IConsumer<PostChanged>
{
    public Task Consume(ConsumeContext<PostChanged> context)
    {
        watch.Seen.Enqueue(context.Message.Post.Slug);
        return Task.CompletedTask;
    }
}

/// <summary>What came through, in the order it came.</summary>
public sealed class Watch
{
    public System.Collections.Concurrent.ConcurrentQueue<string> Seen { get; } = new();
    public System.Collections.Concurrent.ConcurrentQueue<StaffActed> Deeds { get; } = new();
}

/// <summary>Writes down every arrival, so that a later process can tell repeats.</summary>
public sealed class PostRecorder(ShelfDb db) : IConsumer<PostChanged>
{
    public Task Consume(ConsumeContext<PostChanged> context)
    {
        db.Notes.Add(new() { Id = Guid.CreateVersion7(), Text = context.Message.Post.Slug });
        return db.SaveChangesAsync(context.CancellationToken);
    }
}
