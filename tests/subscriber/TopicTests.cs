using Newsletter.Contracts;
using Newsletter.Subscriber.Storage;
using Newsletter.Subscriber.Topics;

namespace Newsletter.Subscriber.Tests;

/// <summary>Our copy of the posts' topics, which others' events may bring twice and out of order.</summary>
public sealed class TopicTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task The_newest_event_counts_in_whatever_order_and_however_often_they_come()
    {
        var publication = await _app.PublicationAsync();
        var first = Post(publication, 10, "vision");
        var second = first with { Version = 20, Topics = ["speech", "audio"], Entries = [Entry("speech")] };

        foreach (var post in new[] { second, first, second, first }) await _app.Service.PublishAsync(new PostChanged(post));

        Assert.Equal(["audio", "speech"], await OfferedAsync(publication));
    }

    [Fact]
    public async Task A_late_event_does_not_bring_a_deleted_post_back()
    {
        var publication = await _app.PublicationAsync();
        var post = Post(publication, 10, "vision");
        await _app.Service.PublishAsync(new PostChanged(post));
        await _app.Service.PublishAsync(new PostChanged(post with { Version = 30, Deleted = true }));
        await _app.Service.PublishAsync(new PostChanged(post with { Version = 20 }));

        Assert.Empty(await OfferedAsync(publication));
    }

    [Fact]
    public async Task An_unpublished_post_offers_nothing()
    {
        var publication = await _app.PublicationAsync();
        var post = Post(publication, 10, "vision");
        await _app.Service.PublishAsync(new PostChanged(post));
        await _app.Service.PublishAsync(new PostChanged(post with { Version = 20, Published = false }));

        Assert.Empty(await OfferedAsync(publication));
    }

    internal static PostSnapshot Post(PublicationSnapshot publication, long version, params string[] topics) => new()
    {
        Id = Guid.CreateVersion7(),
        PublicationId = publication.Id,
        Version = version,
        Published = true,
        Topics = topics,
    };

    private static EntrySnapshot Entry(params string[] topics) => new() { Id = Guid.CreateVersion7(), Name = "entry", Html = "", Text = "", Topics = topics };

    private Task<IReadOnlyList<string>> OfferedAsync(PublicationSnapshot publication) =>
        _app.Service.WithDbAsync<SubscriberDb, IReadOnlyList<string>>(db => db.OfferedTopicsAsync(publication.Id, [], default));
}
