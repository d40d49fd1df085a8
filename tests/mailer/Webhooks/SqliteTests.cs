using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tracking;

namespace Newsletter.Mailer.Tests.Webhooks;

/// <summary>What comes back, on the database of standalone: the statements are written by hand for both.</summary>
public sealed class SqliteTests(SqliteWebhookFixture fixture) : IClassFixture<SqliteWebhookFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_and_clicks_come_into_the_ledger()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 3);
        for (var i = 0; i < 2; i++)
        {
            await fixture.TellAsync(
                SignedEvents.Event(mailed, mailed.Readers[0], "delivered"), SignedEvents.Event(mailed, mailed.Readers[0], "open"),
                SignedEvents.Event(mailed, mailed.Readers[1], "bounce", SignedEvents.Hard), SignedEvents.Event(mailed, mailed.Readers[2], "spamreport"));
        }
        var codes = new TrackingCodes(await fixture.Mailer.Services.GetRequiredService<SecretKeys>().GetAsync(SecretKeys.Tracking, Cancellation));
        var path = $"/t/{codes.Link(mailed.Edition, "https://example.com/")}?r={codes.Reader(mailed.Edition, mailed.Readers[2])}";
        using var client = fixture.Mailer.Anonymous();
        client.DefaultRequestHeaders.UserAgent.ParseAdd("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0");
        for (var i = 0; i < 2; i++)
        {
            using var click = await client.GetAsync(path, Cancellation);
            Assert.Equal(HttpStatusCode.Redirect, click.StatusCode);
        }

        var letters = (await mailed.LettersAsync(fixture.Mailer)).ToDictionary(d => d.SubscriberId);
        Assert.Equal((DeliveryState.Delivered, DeliveryState.Bounced, DeliveryState.Accepted),
            (letters[mailed.Readers[0]].State, letters[mailed.Readers[1]].State, letters[mailed.Readers[2]].State));
        var counters = await mailed.CountersAsync(fixture.Mailer);
        Assert.Equal((2, 1, 1), (counters.Opens, counters.Clicks, counters.Complaints));
        Assert.Equal(1, await fixture.Mailer.WithDbAsync<MailerDb, int>(db => db.Links.Where(l => l.EditionId == mailed.Edition).SumAsync(l => l.Clicks)));
        var told = await fixture.Mailer.SentAsync<DeliverabilityChanged>(e => e.PublicationId == mailed.Publication);
        Assert.Equal(2, told.Addresses.Count);
    }

    [Fact]
    public async Task A_bounce_without_ids_is_about_a_letter_of_the_week_before_it()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var before = await mailed.AgainAsync(fixture.Mailer);
        await mailed.WereAcceptedAsync(fixture.Mailer, DateTimeOffset.UtcNow.AddDays(-6));
        await before.WereAcceptedAsync(fixture.Mailer, DateTimeOffset.UtcNow.AddDays(-8));

        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "bounce", SignedEvents.HardWithoutIds));

        Assert.Equal(DeliveryState.Bounced, (await mailed.LettersAsync(fixture.Mailer)).Single().State);
        Assert.Equal(DeliveryState.Accepted, (await before.LettersAsync(fixture.Mailer)).Single().State);
    }

    [Fact]
    public async Task The_list_of_addresses_is_read_page_by_page()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 3);
        await fixture.TellAsync([.. mailed.Readers.Select(r => SignedEvents.Event(mailed, r, "bounce", SignedEvents.Hard))]);
        var slug = await fixture.Mailer.WithDbAsync<MailerDb, string>(async db => (await db.FindPublicationAsync(mailed.Publication, Cancellation))!.Slug);
        using var owner = fixture.Mailer.As(Role.Owner, mailed.Publication);
        var answer = await owner.GetStringAsync($"/api/v1/publications/{slug}/deliverability?limit=2", Cancellation);
        using var page = JsonDocument.Parse(answer);
        Assert.Equal(2, page.RootElement.GetProperty("items").GetArrayLength());
        Assert.NotEqual(JsonValueKind.Null, page.RootElement.GetProperty("next").ValueKind);
    }
}
