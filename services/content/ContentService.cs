using Newsletter.Content.Embeds;
using Newsletter.Content.Feeds;
using Newsletter.Content.Gates;
using Newsletter.Content.Media;
using Newsletter.Content.Pages;
using Newsletter.Content.Posts;
using Newsletter.Content.Publications;
using Newsletter.Content.Readers;
using Newsletter.Content.Resyncs;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Storage;

namespace Newsletter.Content;

public static class ContentService
{
    public static void AddContent(this WebApplicationBuilder builder)
    {
        builder.AddServiceDb<ContentDb, ContentPostgresDb, ContentSqliteDb>("content");
        builder.Services.AddSettings<DnsOptions>("Dns");
        builder.Services.AddSingleton<DomainProof>();
        builder.Services.AddSingleton<PublicationCache>();
        builder.Services.AddSingleton<PostCache>();
        builder.Services.AddSingleton<GateKeeper>();
        builder.Services.AddSingleton<Readers.Meter>();
        builder.Services.AddSingleton<PageRenderer>();
        builder.Services.AddSingleton<PageCache>();
        builder.Services.AddSingleton<FeedCache>();
        builder.Services.AddSingleton<FeedTokens>();
        builder.Services.AddHostedService<ScheduledPosts>();
        builder.Services.AddHostedService<DomainWatch>();
        builder.Services.AddValidation();
        builder.AddConsumers("content")
            .AddCopy<SubscriberConsumer, SubscribersChanged>()
            .AddCopy<GrantConsumer, GrantsChanged>()
            .Add<ErasureConsumer>()
            .Add<ResyncConsumer>(concurrency: 1);
    }

    public static void MapContent(this WebApplication app)
    {
        app.MapPublications();
        app.MapNewsletters();
        app.MapPostWriting();
        app.MapPublishing();
        app.MapPostReading();
        app.MapPostPreview();
        app.MapPages();
        app.MapFeeds();
        app.MapMedia();
        app.MapEmbeds();
        app.MapOperations<ContentDb>("content");
        app.MapResync<ContentDb>(nameof(PublicationChanged), nameof(PostChanged));
    }
}
