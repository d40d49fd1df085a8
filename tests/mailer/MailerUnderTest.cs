using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>The mailer with a mail provider of its own; the test plays subscriber, content and billing.</summary>
public sealed class MailerUnderTest : IAsyncDisposable
{
    private readonly bool _ownsProvider;

    private MailerUnderTest(ServiceUnderTest service, FakeSendGrid provider, bool ownsProvider) => (Service, Provider, _ownsProvider) = (service, provider, ownsProvider);

    public ServiceUnderTest Service { get; }
    public FakeSendGrid Provider { get; }

    public static async Task<MailerUnderTest> StartAsync(
        DatabaseKind kind = DatabaseKind.Postgres, TestDatabase? useDatabase = null, FakeSendGrid? provider = null,
        IEnumerable<KeyValuePair<string, string?>>? settings = null, LogLines? log = null)
    {
        var lent = provider;
        provider ??= await FakeSendGrid.StartAsync();
        var service = await ServiceUnderTest.StartAsync(
            "mailer", b =>
            {
                if (log is not null) b.Logging.AddProvider(log);
                b.AddMailer();
                b.Services.AddSingleton<SharedClock, PassingClock>();
            }, a => a.MapMailer(),
            [new("SendGrid:ApiKey", "SG.test"), new("SendGrid:ApiBase", provider.Address.ToString()), new("Newsletter:Url", "http://mail.example:8080"), .. settings ?? []],
            kind, useDatabase: useDatabase);
        return new(service, provider, lent is null);
    }

    public async Task<TestPublication> PublicationAsync(string? zone = null, RoundupSchedule? schedule = null)
    {
        var publication = new TestPublication(this, zone ?? "Etc/UTC", schedule ?? new(DayOfWeek.Sunday, new(8, 0)));
        await publication.TellAsync();
        return publication;
    }

    /// <summary>A slot that is neither near nor so lately missed that it would be made up for.</summary>
    public RoundupSchedule InThreeDays() => new(Service.Time.GetUtcNow().AddDays(3).DayOfWeek, new(8, 0));

    /// <summary>Connections that a test has cut stay in the pool until somebody trips over them: here it is us.</summary>
    public async Task<T> WithDbAsync<T>(Func<MailerDb, Task<T>> use)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await Service.WithDbAsync(use);
            }
            catch (Exception e) when (tries < 50 && DatabaseFailure.IsAway(e))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    public Task<Edition> EditionAsync(Func<Edition, bool> match, string what, TimeSpan? deadline = null) => Eventually.GetAsync(
        async () => (await WithDbAsync(db => db.Editions.AsNoTracking().ToListAsync())).Find(e => match(e)), what, deadline);

    public async Task<Edition> SentAsync(Guid edition, TimeSpan? deadline = null) => await EditionAsync(e => e.Id == edition && e.State == EditionState.Sent, "edition sent", deadline);

    /// <summary>Once its batches were refused and wait for their next try: time that passes while one is being sent ends the claim on it.</summary>
    public Task PutOffAsync(Guid edition) => Eventually.TrueAsync(async () =>
    {
        var now = Service.Time.GetUtcNow();
        return await WithDbAsync(async db => await db.Batches.AnyAsync(b => b.EditionId == edition)
            && await db.Batches.AllAsync(b => b.EditionId != edition || (b.State == BatchState.Queued && b.DueAt > now)));
    }, "batches put off");

    /// <summary>Deliveries by state, after checking that they are all there.</summary>
    public async Task<Dictionary<DeliveryState, int>> LedgerAsync(Guid edition)
    {
        var found = await WithDbAsync(async db => await db.Editions.AsNoTracking().Where(e => e.Id == edition)
            .Select(e => new { e.Recipients, Rows = db.Deliveries.Count(d => d.EditionId == e.Id) }).SingleAsync());
        Assert.Equal(found.Recipients, found.Rows);
        var states = await WithDbAsync(db => db.Deliveries.Where(d => d.EditionId == edition).GroupBy(d => d.State).ToDictionaryAsync(g => g.Key, g => g.Count()));
        return states;
    }

    public async Task LedgerBecomesAsync(Guid edition, params (DeliveryState State, int Letters)[] wanted)
    {
        Dictionary<DeliveryState, int> last = [];
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                last = await LedgerAsync(edition);
                return last.Count == wanted.Length && wanted.All(w => last.GetValueOrDefault(w.State) == w.Letters);
            }, "ledger as wanted");
        }
        catch (TimeoutException)
        {
            Assert.Equal(wanted.ToDictionary(w => w.State, w => w.Letters), last);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_ownsProvider) Provider.Close();
        await Service.DisposeAsync();
        if (_ownsProvider) await Provider.DisposeAsync();
    }
}

/// <summary>A publication with one newsletter of each kind, and the events that its owners send.</summary>
public sealed class TestPublication(MailerUnderTest mailer, string zone, RoundupSchedule schedule)
{
    private static long s_version = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000;
    private ServiceUnderTest Service => mailer.Service;

    public Guid Id { get; } = Guid.CreateVersion7();
    public string Slug { get; } = "p" + Guid.NewGuid().ToString("N")[..8];
    public Guid Posts { get; } = Guid.CreateVersion7();
    public Guid Roundup { get; } = Guid.CreateVersion7();
    public string BaseUrl => $"http://mail.example:8080/{Slug}";
    public string Api => $"/api/v1/publications/{Slug}";
    public static long NextVersion() => Interlocked.Increment(ref s_version);

    public Task SuspendAsync(bool suspended = true) => TellAsync(suspended);

    public Task TellAsync(bool suspended = false, bool tracking = true) => Service.PublishAsync(new PublicationChanged(new()
    {
        Id = Id,
        Version = NextVersion(),
        Slug = Slug,
        Name = "The Paper Mill",
        SenderName = "Paper Mill",
        Tagline = "Papers, weekly",
        TimeZone = zone,
        BaseUrl = BaseUrl,
        PostalAddress = "1 Mill Lane, Example",
        Suspended = suspended,
        TrackingAllowed = tracking,
        Newsletters =
        [
            new() { Id = Posts, Slug = "posts", Name = "Every post", Kind = NewsletterKind.Posts },
            new() { Id = Roundup, Slug = "weekly", Name = "The week", Kind = NewsletterKind.Roundup, Schedule = schedule },
        ],
    }));

    public HttpClient As(Role role) => Service.As(role, Id);

    public SubscriberSnapshot Reader(string name, Guid? newsletter = null, params string[] topics) => new()
    {
        Id = Guid.CreateVersion7(),
        PublicationId = Id,
        Version = NextVersion(),
        Email = $"{name}@example.com",
        NormalisedEmail = $"{name}@example.com",
        Name = name,
        CreatedAt = DateTimeOffset.UtcNow.AddDays(-30),
        ConfirmedAt = DateTimeOffset.UtcNow.AddDays(-30),
        Consents = [new(newsletter ?? Posts, DateTimeOffset.UtcNow.AddDays(-30), "test")],
        Topics = topics,
        UnsubscribeToken = "ut-" + Guid.NewGuid().ToString("N"),
    };

    public async Task<SubscriberSnapshot> JoinAsync(string name, Guid? newsletter = null, params string[] topics)
    {
        var reader = Reader(name, newsletter, topics);
        await TellAsync(reader);
        return reader;
    }

    public async Task JoinAsync(int readers, Guid? newsletter = null)
    {
        foreach (var part in Enumerable.Range(0, readers).Select(i => Reader($"reader{i}", newsletter)).Chunk(500)) await TellAsync(part);
    }

    public Task TellAsync(params SubscriberSnapshot[] readers) => Service.PublishAsync(new SubscribersChanged(Id, readers));

    public async Task<GrantSnapshot> GrantAsync(SubscriberSnapshot reader, string tier = "member", TimeSpan? lasts = null)
    {
        var grant = new GrantSnapshot
        {
            Id = Guid.CreateVersion7(),
            PublicationId = Id,
            Version = NextVersion(),
            SubscriberId = reader.Id,
            Tier = tier,
            Source = GrantSource.Subscription,
            From = DateTimeOffset.UtcNow.AddDays(-1),
            Until = DateTimeOffset.UtcNow + (lasts ?? TimeSpan.FromDays(30)),
        };
        await TellAsync(grant);
        return grant;
    }

    public Task TellAsync(params GrantSnapshot[] grants) => Service.PublishAsync(new GrantsChanged(Id, grants));

    public PostSnapshot Post(string title, Access access = Access.Subscribers, bool asLetter = true, params string[] topics) => new()
    {
        Id = Guid.CreateVersion7(),
        PublicationId = Id,
        Version = NextVersion(),
        Published = true,
        Slug = title.ToLowerInvariant().Replace(' ', '-'),
        Title = title,
        Summary = $"About {title}",
        Url = $"{BaseUrl}/posts/{title.ToLowerInvariant().Replace(' ', '-')}",
        Access = access,
        Topics = topics,
        NewsletterId = asLetter ? Posts : null,
        FirstPublishedAt = Service.Time.GetUtcNow(),
        PublishedAt = Service.Time.GetUtcNow(),
        Cuts =
        [
            new() { Level = Access.Public, Html = "<p>public part</p>", Text = "public part", Complete = access == Access.Public },
            new() { Level = Access.Subscribers, Html = "<p>subscribers part</p>", Text = "subscribers part", Complete = access <= Access.Subscribers },
            new() { Level = Access.Paid, Html = "<p>paid part</p>", Text = "paid part", Complete = true },
        ],
    };

    public Task TellAsync(PostSnapshot post) => Service.PublishAsync(new PostChanged(post));

    public async Task<Edition> PublishAsync(PostSnapshot post)
    {
        await TellAsync(post);
        return await mailer.EditionAsync(e => e.PostId == post.Id, "the post's edition");
    }

    public async Task<HttpResponseMessage> RunRoundupAsync() => await As(Role.Editor).PostAsJsonAsync($"{Api}/roundups", new { });

    public async Task<JsonElement> DetailsAsync(Guid edition) => await As(Role.Author).GetFromJsonAsync<JsonElement>($"{Api}/editions/{edition}");
}
