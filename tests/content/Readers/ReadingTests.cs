using System.Net;
using Newsletter.Content.Readers;
using Newsletter.Content.Storage;
using Newsletter.Contracts;

namespace Newsletter.Content.Tests.Readers;

/// <summary>Who may read what, with the facts that came as events.</summary>
public sealed class ReadingTests(ContentFixture content) : IClassFixture<ContentFixture>
{
    private const string Body = "Free to read.\n\n<!--more-->\n\nThe secret rest.";
    private static long _version = 1_000;

    [Fact]
    public async Task A_subscriber_reads_what_a_stranger_is_asked_to_sign_up_for()
    {
        var publication = await content.PublicationAsync();
        await PublishAsync(publication, "one", "subscribers");
        var stranger = await publication.Anonymous.GetJsonAsync($"{publication.Api}/posts/one");
        Assert.Equal("sign_up", stranger.GetProperty("gate").GetProperty("decision").GetString());
        Assert.False(stranger.GetProperty("complete").GetBoolean());
        Assert.DoesNotContain("secret", stranger.GetRawText(), StringComparison.Ordinal);

        var reader = await SubscriberAsync(publication);
        var known = await publication.Reader(reader).GetJsonAsync($"{publication.Api}/posts/one");
        Assert.Equal("open", known.GetProperty("gate").GetProperty("decision").GetString());
        Assert.Contains("secret", known.GetProperty("html").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_grant_opens_a_paid_post_until_the_second_it_ends()
    {
        var publication = await content.PublicationAsync();
        await PublishAsync(publication, "paid", "paid");
        var reader = await SubscriberAsync(publication);
        Assert.Equal("upgrade", await DecisionAsync(publication, reader, "paid"));
        var grant = await GrantAsync(publication, reader, "reader", content.Service.Time.GetUtcNow().AddMinutes(1));
        Assert.Equal("open", await DecisionAsync(publication, reader, "paid"));
        await content.Service.PublishAsync(new GrantsChanged(publication.Id, [grant with { Version = Next(), Until = content.Service.Time.GetUtcNow().AddSeconds(-1) }]));
        Assert.Equal("upgrade", await DecisionAsync(publication, reader, "paid"));
    }

    [Fact]
    public async Task A_named_tier_is_needed_where_the_post_names_it()
    {
        var publication = await content.PublicationAsync();
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = "T", slug = "lab-only", access = "paid", tiers = new[] { "lab" }, body = Body });
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/lab-only/publish", new { mail = false });
        var reader = await SubscriberAsync(publication);
        await GrantAsync(publication, reader, "reader", DateTimeOffset.UtcNow.AddDays(1));
        Assert.Equal("upgrade", await DecisionAsync(publication, reader, "lab-only"));
        await GrantAsync(publication, reader, "lab", DateTimeOffset.UtcNow.AddDays(1));
        Assert.Equal("open", await DecisionAsync(publication, reader, "lab-only"));
    }

    [Fact]
    public async Task Copies_take_only_what_is_newer_and_bury_for_good()
    {
        var publication = await content.PublicationAsync();
        await PublishAsync(publication, "one", "subscribers");
        var id = Guid.CreateVersion7();
        var pending = Snapshot(publication, id, Next(), confirmed: false);
        var confirmed = pending with { Version = Next(), ConfirmedAt = DateTimeOffset.UtcNow };
        await content.Service.PublishAsync(new SubscribersChanged(publication.Id, [confirmed]));
        await content.Service.PublishAsync(new SubscribersChanged(publication.Id, [pending]));
        await content.Service.PublishAsync(new SubscribersChanged(publication.Id, [confirmed]));
        Assert.Equal("open", await DecisionAsync(publication, id, "one"));
        await content.Service.PublishAsync(new SubscribersChanged(publication.Id, [confirmed with { Version = Next(), Deleted = true }]));
        await content.Service.PublishAsync(new SubscribersChanged(publication.Id, [confirmed]));
        Assert.Equal("sign_up", await DecisionAsync(publication, id, "one"));
    }

    [Fact]
    public async Task Another_publications_subscriber_is_a_stranger_here()
    {
        var (here, there) = (await content.PublicationAsync(), await content.PublicationAsync());
        await PublishAsync(here, "one", "subscribers");
        var reader = await SubscriberAsync(there);
        Assert.Equal("sign_up", await DecisionAsync(here, reader, "one"));
    }

    [Fact]
    public async Task An_old_post_asks_for_what_the_archive_asks()
    {
        var publication = await content.PublicationAsync(new { archiveAfterDays = 90, archiveAccess = "paid" });
        await PublishAsync(publication, "old", "public", "2024-01-01T00:00:00Z");
        await PublishAsync(publication, "new", "public");
        Assert.Equal("archive", (await publication.Anonymous.GetJsonAsync($"{publication.Api}/posts/old")).GetProperty("gate").GetProperty("reason").GetString());
        Assert.Equal("nudge", (await publication.Anonymous.GetJsonAsync($"{publication.Api}/posts/new")).GetProperty("gate").GetProperty("decision").GetString());
    }

    [Fact]
    public async Task The_meter_of_a_signed_in_reader_is_kept_by_us()
    {
        var publication = await content.PublicationAsync(new { meterPerMonth = 2 });
        foreach (var slug in new[] { "a", "b", "c" }) await PublishAsync(publication, slug, "paid");
        var reader = await SubscriberAsync(publication);
        Assert.Equal(["open", "open", "open", "meter_spent"],
            [await DecisionAsync(publication, reader, "a"), await DecisionAsync(publication, reader, "a"), await DecisionAsync(publication, reader, "b"), await DecisionAsync(publication, reader, "c")]);
        Assert.Equal("open", await DecisionAsync(publication, await SubscriberAsync(publication), "c"));
    }

    [Fact]
    public async Task The_meter_of_a_stranger_is_a_cookie_that_cannot_be_made_up()
    {
        var publication = await content.PublicationAsync(new { meterPerMonth = 1 });
        foreach (var slug in new[] { "a", "b" }) await PublishAsync(publication, slug, "subscribers");
        var browser = content.Service.Anonymous(cookies: true);
        var first = await browser.GetJsonAsync($"{publication.Api}/posts/a");
        Assert.Equal("meter", first.GetProperty("gate").GetProperty("reason").GetString());
        Assert.Equal("meter_spent", (await browser.GetJsonAsync($"{publication.Api}/posts/b")).GetProperty("gate").GetProperty("decision").GetString());
        Assert.Equal("open", (await browser.GetJsonAsync($"{publication.Api}/posts/a")).GetProperty("gate").GetProperty("decision").GetString());
        var forger = content.Service.Anonymous();
        forger.DefaultRequestHeaders.Add("Cookie", $"meter-{publication.Slug}=AAAA");
        Assert.Equal("open", (await forger.GetJsonAsync($"{publication.Api}/posts/b")).GetProperty("gate").GetProperty("decision").GetString());
        var crawler = content.Service.Anonymous();
        crawler.DefaultRequestHeaders.UserAgent.ParseAdd("Googlebot/2.1");
        Assert.Equal("sign_up", (await crawler.GetJsonAsync($"{publication.Api}/posts/b")).GetProperty("gate").GetProperty("decision").GetString());
    }

    [Fact]
    public async Task An_erased_reader_leaves_a_tombstone_and_an_answer()
    {
        var publication = await content.PublicationAsync(new { meterPerMonth = 5 });
        await PublishAsync(publication, "a", "paid");
        var reader = await SubscriberAsync(publication);
        await DecisionAsync(publication, reader, "a");
        var erasure = Guid.CreateVersion7();
        await content.Service.PublishAsync(new SubscriberErased(erasure, publication.Id, reader, Next()));
        await content.Service.PublishAsync(new SubscriberErased(erasure, publication.Id, reader, Next()));
        await content.Service.SentAsync<ErasureDone>(e => e.ErasureId == erasure && e.Service == "content");
        var (isBuried, reads) = await content.Service.WithDbAsync<ContentDb, (bool, int)>(db => Task.FromResult(
            (db.Readers.Single(r => r.Id == reader) is { Deleted: true, ConfirmedAt: null }, db.MeterReads.Count(r => r.SubscriberId == reader))));
        Assert.True(isBuried);
        Assert.Equal(0, reads);
    }

    [Fact]
    public async Task A_resync_sends_all_that_was_published_under_newer_versions()
    {
        var publication = await content.PublicationAsync();
        await PublishAsync(publication, "one", "public");
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = "Draft", slug = "draft" });
        var told = (await content.Service.SentAsync<PostChanged>(e => e.Post.PublicationId == publication.Id)).Post;
        foreach (var name in new[] { "PostChanged", "PublicationChanged" })
        {
            using var asked = await content.Service.Anonymous().SendAsync(HttpMethod.Post, $"/internal/resync?event={name}");
            Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        }
        await content.Service.HurryAsync<ContentDb>();
        var again = await content.Service.SentAsync<Resync<PostChanged>>(r => r.Changed.Post.Id == told.Id);
        Assert.True(again.Changed.Post.Version > told.Version);
        Assert.True(again.Since > told.Version && again.Since <= again.Changed.Post.Version);
        Assert.Equal(told.Cuts.Select(c => c.Html), again.Changed.Post.Cuts.Select(c => c.Html));
        var part = await content.Service.SentAsync<Resync<PublicationChanged>>(r => r.Changed.Publication.Id == publication.Id);
        Assert.InRange(part.Part, 0, part.Parts - 1);
        Assert.DoesNotContain(content.Service.Sent<Resync<PostChanged>>(), r => r.Changed.Post.Slug == "draft");
        await Newsletter.Tests.Harness.Eventually.TrueAsync(
            () => Task.FromResult(content.Service.Sent<Resync<PostChanged>>().Count(r => r.ResyncId == again.ResyncId) == again.Parts), "all parts");
    }

    private static async Task<string?> DecisionAsync(TestPublication publication, Guid reader, string slug) =>
        (await publication.Reader(reader).GetJsonAsync($"{publication.Api}/posts/{slug}")).GetProperty("gate").GetProperty("decision").GetString();

    private static async Task PublishAsync(TestPublication publication, string slug, string access, string? publishedAt = null)
    {
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = slug, slug, access, body = Body });
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/{slug}/publish", new { mail = false, publishedAt });
    }

    private async Task<Guid> SubscriberAsync(TestPublication publication)
    {
        var id = Guid.CreateVersion7();
        await content.Service.PublishAsync(new SubscribersChanged(publication.Id, [Snapshot(publication, id, Next(), confirmed: true)]));
        return id;
    }

    private async Task<GrantSnapshot> GrantAsync(TestPublication publication, Guid reader, string tier, DateTimeOffset until)
    {
        var grant = new GrantSnapshot
        {
            Id = Guid.CreateVersion7(),
            PublicationId = publication.Id,
            Version = Next(),
            SubscriberId = reader,
            Tier = tier,
            From = DateTimeOffset.UtcNow.AddDays(-1),
            Until = until,
        };
        await content.Service.PublishAsync(new GrantsChanged(publication.Id, [grant]));
        return grant;
    }

    private static SubscriberSnapshot Snapshot(TestPublication publication, Guid id, long version, bool confirmed) =>
        new() { Id = id, PublicationId = publication.Id, Version = version, ConfirmedAt = confirmed ? DateTimeOffset.UtcNow : null };

    private static long Next() => Interlocked.Increment(ref _version);
}
