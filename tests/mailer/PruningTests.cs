using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tests.Templates;
using Newsletter.Mailer.Webhooks;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>What is left of an edition whose ledger is no longer kept.</summary>
public sealed class PruningTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Sqlite)]
    public async Task After_its_days_the_ledger_goes_and_the_edition_keeps_its_totals(DatabaseKind kind)
    {
        await using var mailer = await StartAsync(kind);
        // In a hundred days it is six days past.
        var publication = await mailer.PublicationAsync(schedule: mailer.InThreeDays());
        var reader = await publication.JoinAsync("first");
        await publication.JoinAsync("second");
        var old = await publication.PublishAsync(publication.Post("Long ago"));
        await mailer.SentAsync(old.Id);

        mailer.Service.Time.Advance(TimeSpan.FromDays(100));
        var recent = await publication.PublishAsync(publication.Post("Lately"));
        await mailer.SentAsync(recent.Id);
        await PrunedAsync(mailer, old.Id);
        // Tokens are signed for today.
        mailer.Service.Time.Advance(TimeSpan.FromDays(-100));

        var staff = publication.As(Role.Owner);
        var details = await publication.DetailsAsync(old.Id);
        Assert.Equal((2, 2), (details.GetProperty("states").GetProperty("accepted").GetInt32(), details.GetProperty("edition").GetProperty("recipients").GetInt32()));
        Assert.NotEqual(JsonValueKind.Null, details.GetProperty("edition").GetProperty("ledgerPrunedAt").ValueKind);
        var figures = await staff.GetFromJsonAsync<JsonElement>($"{publication.Api}/editions/{old.Id}/figures", Cancellation);
        Assert.Equal(2, figures.GetProperty("domains")[0].GetProperty("letters").GetInt32());
        Assert.Equal(2, figures.GetProperty("providers")[0].GetProperty("accepted").GetInt32());
        var listed = (await staff.GetFromJsonAsync<JsonElement>($"{publication.Api}/editions", Cancellation)).GetProperty("items").EnumerateArray();
        Assert.All(listed, e => Assert.Equal(2, e.GetProperty("accepted").GetInt32()));
        foreach (var path in (string[])["deliveries", "export"])
        {
            using var answer = await staff.GetAsync($"{publication.Api}/editions/{old.Id}/{path}", Cancellation);
            Assert.Equal(HttpStatusCode.Gone, answer.StatusCode);
        }
        var letters = await staff.GetFromJsonAsync<JsonElement>($"{publication.Api}/deliveries?subscriber={reader.Id}", Cancellation);
        Assert.Equal(recent.Id, Assert.Single(letters.GetProperty("items").EnumerateArray()).GetProperty("editionId").GetGuid());
        await mailer.LedgerBecomesAsync(recent.Id, (DeliveryState.Accepted, 2));
        if (kind == DatabaseKind.Postgres)
            Assert.DoesNotContain($"deliveries_{old.CreatedAt:yyyyMM}", await MonthsAsync(mailer));
    }

    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Sqlite)]
    public async Task What_lies_before_the_first_month_goes_too_and_what_is_not_over_stays(DatabaseKind kind)
    {
        await using var mailer = await StartAsync(kind);
        var publication = await mailer.PublicationAsync();
        var over = await WriteAsync(mailer, publication, DeliveryState.Accepted, isOver: true);
        var open = await WriteAsync(mailer, publication, DeliveryState.Uncertain, isOver: false);

        await PrunedAsync(mailer, over);

        Assert.Equal(3, (await publication.DetailsAsync(over)).GetProperty("states").GetProperty("accepted").GetInt32());
        await mailer.LedgerBecomesAsync(open, (DeliveryState.Uncertain, 3));
    }

    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Sqlite)]
    public async Task News_of_a_letter_that_is_no_longer_kept_changes_no_total(DatabaseKind kind)
    {
        await using var mailer = await StartAsync(kind);
        var publication = await mailer.PublicationAsync();
        var edition = await WriteAsync(mailer, publication, DeliveryState.Accepted, isOver: true);
        var (batch, reader) = await mailer.WithDbAsync(async db => (await db.Batches.Where(b => b.EditionId == edition).Select(b => b.Id).SingleAsync(), await db.Deliveries.OrderBy(d => d.SubscriberId).Select(d => d.SubscriberId).FirstAsync()));
        await PrunedAsync(mailer, edition);

        await mailer.WithDbAsync(async db =>
        {
            var body = JsonSerializer.Serialize(new[] { new { @event = "bounce", type = "bounce", email = "x@example.com", timestamp = DateTimeOffset.UtcNow.ToUnixTimeSeconds(), sg_event_id = "late", edition = $"{edition:N}", subscriber = $"{reader:N}", batch = $"{batch:N}" } });
            db.Add(new WebhookCall { Id = Guid.CreateVersion7(), Body = body, ReceivedAt = DateTimeOffset.UtcNow, DueAt = DateTimeOffset.UtcNow });
            return await db.SaveChangesAsync(Cancellation);
        });
        await Eventually.TrueAsync(() => mailer.WithDbAsync(async db => !await db.WebhookCalls.AnyAsync() && !await db.TallyMarks.AnyAsync()), "the event worked out and counted");

        var states = (await publication.DetailsAsync(edition)).GetProperty("states");
        Assert.Equal((3, 0), (states.GetProperty("accepted").GetInt32(), states.GetProperty("bounced").GetInt32()));
    }

    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Sqlite)]
    public async Task Ids_of_events_go_after_a_week_and_bodies_that_nobody_could_work_out_after_a_month(DatabaseKind kind)
    {
        await using var mailer = await StartAsync(kind);
        var now = DateTimeOffset.UtcNow;
        await mailer.WithDbAsync(db =>
        {
            foreach (var days in (int[])[1, 6, 8, 29, 31])
            {
                db.Add(new ProviderEvent { Id = $"e{days}", ReceivedAt = now.AddDays(-days) });
                db.Add(new WebhookCall { Id = Guid.CreateVersion7(), Error = $"c{days}", ReceivedAt = now.AddDays(-days), DueAt = now.AddYears(1) });
            }
            return db.SaveChangesAsync(Cancellation);
        });

        mailer.Service.Time.Advance(TimeSpan.FromHours(2));

        await Eventually.TrueAsync(() => mailer.WithDbAsync(async db => await db.ProviderEvents.CountAsync() < 5 && await db.WebhookCalls.CountAsync() < 5), "old ones gone");
        Assert.Equal(["e1", "e6"], await mailer.WithDbAsync(db => db.ProviderEvents.Select(e => e.Id).Order().ToListAsync()));
        Assert.Equal(["c1", "c29", "c6", "c8"], await mailer.WithDbAsync(db => db.WebhookCalls.Select(c => c.Error!).Order().ToListAsync()));
    }

    private static Task<MailerUnderTest> StartAsync(DatabaseKind kind) => MailerUnderTest.StartAsync(kind, settings: [new("Mail:KeepLedgerDays", "30")]);

    /// <summary>An edition of two years ago, before there were months.</summary>
    private static async Task<Guid> WriteAsync(MailerUnderTest mailer, TestPublication publication, DeliveryState state, bool isOver)
    {
        var then = new ShiftedTime();
        then.Advance(TimeSpan.FromDays(-730));
        var edition = Edition.OfPost(publication.Id, publication.Posts, Sample.Article() with { Id = Guid.CreateVersion7(), PublicationId = publication.Id }, then);
        edition.Wrote(3, Guid.CreateVersion7(), then);
        edition.AudienceComplete(then);
        if (isOver) edition.Finish(null, null, then);
        var batch = MailerRows.Batch(edition, 3, isOver ? BatchState.Done : BatchState.Uncertain, null);
        await mailer.WithDbAsync(db =>
        {
            db.AddRange(edition, batch);
            for (var i = 0; i < 3; i++) db.Add(MailerRows.Delivery(edition, Guid.CreateVersion7(), batch.Id, state));
            return db.SaveChangesAsync(Cancellation);
        });
        return edition.Id;
    }

    private static Task PrunedAsync(MailerUnderTest mailer, Guid edition) => Eventually.TrueAsync(() =>
    {
        mailer.Service.Services.GetRequiredService<LedgerPruning>().Wake();
        return mailer.WithDbAsync(async db => !await db.Deliveries.AnyAsync(d => d.EditionId == edition));
    }, "the ledger pruned");

    private static Task<List<string>> MonthsAsync(MailerUnderTest mailer) => mailer.WithDbAsync(db =>
        db.Database.SqlQueryRaw<string>("SELECT inhrelid::regclass::text AS \"Value\" FROM pg_inherits WHERE inhparent = 'deliveries'::regclass").ToListAsync());
}
