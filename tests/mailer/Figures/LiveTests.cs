using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Figures;

public abstract class LiveTests(FiguresFixture fixture)
{
    private static int Sum(JsonElement live) => live.GetProperty("states").EnumerateObject().Sum(s => s.Value.GetInt32());

    private static int In(JsonElement live, string state) => live.GetProperty("states").GetProperty(state).GetInt32();

    [Fact]
    public async Task An_edition_is_seen_while_it_goes_out_and_its_states_always_add_up()
    {
        var hold = new TaskCompletionSource();
        await using var mailer = await MailerUnderTest.StartAsync(Kind);
        mailer.Provider.Answer = async call =>
        {
            if (call == 1) await hold.Task;
            return StatusCodes.Status202Accepted;
        };
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(1_500);
        using var trace = new Activity("publish").Start();
        var edition = await publication.PublishAsync(publication.Post("Live"));

        var sending = await FiguresFixture.BecomesAsync(
            publication, $"editions/{edition.Id}/live", l => l.GetProperty("state").GetString() == "sending" && In(l, "sending") > 0 && In(l, "accepted") > 0, "one batch away, one held");
        Assert.Equal(1_500, sending.GetProperty("recipients").GetInt32());
        Assert.Equal(1_500, Sum(sending));
        Assert.Equal(JsonValueKind.Null, sending.GetProperty("finishedAt").ValueKind);
        hold.SetResult();

        var sent = await FiguresFixture.BecomesAsync(publication, $"editions/{edition.Id}/live", l => l.GetProperty("state").GetString() == "sent", "edition sent");
        Assert.Equal(1_500, In(sent, "accepted"));
        Assert.Equal(1_500, Sum(sent));
        Assert.Equal(1_500, sent.GetProperty("accepted").EnumerateArray().Sum(p => p.GetProperty("letters").GetInt32()));
        Assert.InRange(sent.GetProperty("accepted").GetArrayLength(), 1, 120);
        Assert.True(sent.GetProperty("lettersPerSecond").GetDouble() > 0);
        Assert.True(sent.GetProperty("firstAcceptedAt").GetDateTimeOffset() <= sent.GetProperty("lastAcceptedAt").GetDateTimeOffset());
        Assert.Equal(trace.TraceId.ToHexString(), sent.GetProperty("traceId").GetString());
    }

    [Fact]
    public async Task What_the_provider_tells_moves_the_live_states_and_the_details_at_once()
    {
        var publication = await fixture.Sending.PublicationAsync();
        await publication.JoinAsync(5);
        var (edition, mails) = await fixture.MailAsync(publication, "Told");

        await fixture.TellAsync(
            FiguresFixture.EventOf(mails[0], "delivered"), FiguresFixture.EventOf(mails[1], "delivered"), FiguresFixture.EventOf(mails[2], "bounce", SignedBounce));

        var details = await FiguresFixture.GetAsync(publication, $"editions/{edition.Id}");
        Assert.Equal((2, 2, 1), (In(details, "accepted"), In(details, "delivered"), In(details, "bounced")));
        var live = await FiguresFixture.BecomesAsync(publication, $"editions/{edition.Id}/live", l => In(l, "delivered") == 2 && In(l, "bounced") == 1, "live states moved");
        Assert.Equal(5, Sum(live));
    }

    [Fact]
    public async Task Marked_batches_are_counted_and_kept_by_the_worker()
    {
        var publication = await fixture.Sending.PublicationAsync();
        await publication.JoinAsync(3);
        var (edition, mails) = await fixture.MailAsync(publication, "Kept");

        await fixture.TellAsync(FiguresFixture.EventOf(mails[0], "delivered"));

        await Eventually.TrueAsync(async () => await fixture.Sending.WithDbAsync(async db =>
            !await db.TallyMarks.AnyAsync(m => m.EditionId == edition.Id)
            && await db.BatchTallies.AnyAsync(t => t.EditionId == edition.Id && t.Delivered == 1 && t.Accepted == 2)), "the mark worked off");
    }

    [Fact]
    public async Task An_event_of_a_batch_that_is_not_there_counts_its_letter_and_holds_up_nobodys_figures()
    {
        var publication = await fixture.Sending.PublicationAsync();
        await publication.JoinAsync(1);
        var (edition, mails) = await fixture.MailAsync(publication, "Strange");
        var (other, others) = await fixture.MailAsync(publication, "Other");

        await fixture.TellAsync(FiguresFixture.EventOf(mails[0], "delivered", e => e["batch"] = Guid.CreateVersion7().ToString("N")));

        await Eventually.TrueAsync(() => IsKeptAsDeliveredAsync(edition.Id), "its edition counted");
        await fixture.TellAsync(FiguresFixture.EventOf(others[0], "delivered"));
        await Eventually.TrueAsync(() => IsKeptAsDeliveredAsync(other.Id), "the other edition counted");
    }

    [Fact]
    public async Task A_mark_of_a_batch_that_is_gone_goes_too_and_holds_up_nobodys_figures()
    {
        var publication = await fixture.Sending.PublicationAsync();
        await publication.JoinAsync(1);
        var (edition, _) = await fixture.MailAsync(publication, "Gone");
        var (other, mails) = await fixture.MailAsync(publication, "Other");
        await fixture.Sending.WithDbAsync(db =>
        {
            db.Add(new TallyMark { EditionId = edition.Id, BatchId = Guid.CreateVersion7() });
            return db.SaveChangesAsync();
        });

        await fixture.TellAsync(FiguresFixture.EventOf(mails[0], "delivered"));

        await Eventually.TrueAsync(() => IsKeptAsDeliveredAsync(other.Id), "the other edition counted");
        await Eventually.TrueAsync(async () => await MarksAsync(edition.Id) == 0, "the mark gone");
    }

    [Fact]
    public async Task A_cancelled_edition_shows_what_was_taken_back()
    {
        await using var mailer = await MailerUnderTest.StartAsync(Kind);
        mailer.Provider.Answer = _ => Task.FromResult(StatusCodes.Status503ServiceUnavailable);
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync(4);
        var edition = await publication.PublishAsync(publication.Post("Stopped"));
        await mailer.EditionAsync(e => e.Id == edition.Id && e.State == EditionState.Sending, "audience written");

        (await publication.As(Role.Editor).PostAsJsonAsync($"{publication.Api}/editions/{edition.Id}/cancel", new { })).EnsureSuccessStatusCode();

        var live = await FiguresFixture.BecomesAsync(publication, $"editions/{edition.Id}/live", l => In(l, "cancelled") == 4, "letters cancelled");
        Assert.Equal("cancelled", live.GetProperty("state").GetString());
        Assert.Equal(4, Sum(live));
    }

    [Fact]
    public async Task An_edition_of_another_publication_is_not_there()
    {
        var (mine, other) = (await fixture.Sending.PublicationAsync(), await fixture.Sending.PublicationAsync());
        await mine.JoinAsync(1);
        var (edition, _) = await fixture.MailAsync(mine, "Mine");
        await FiguresFixture.GetAsync(mine, $"editions/{edition.Id}/live");

        foreach (var path in new[] { "live", "figures" })
            Assert.Equal(HttpStatusCode.NotFound, (await other.As(Role.Owner).GetAsync($"{other.Api}/editions/{edition.Id}/{path}")).StatusCode);
    }

    protected abstract DatabaseKind Kind { get; }

    private Task<int> MarksAsync(Guid edition) => fixture.Sending.WithDbAsync(db => db.TallyMarks.CountAsync(m => m.EditionId == edition));

    private Task<bool> IsKeptAsDeliveredAsync(Guid edition) => fixture.Sending.WithDbAsync(db => db.BatchTallies.AnyAsync(t => t.EditionId == edition && t.Delivered == 1));

    private static void SignedBounce(JsonObject told) => (told["type"], told["status"], told["reason"]) = ("bounce", "5.1.1", "550 5.1.1 <ada@example.com> unknown");
}

public sealed class PostgresLiveTests(PostgresFigures fixture) : LiveTests(fixture), IClassFixture<PostgresFigures>
{
    protected override DatabaseKind Kind => DatabaseKind.Postgres;
}

public sealed class SqliteLiveTests(SqliteFigures fixture) : LiveTests(fixture), IClassFixture<SqliteFigures>
{
    protected override DatabaseKind Kind => DatabaseKind.Sqlite;
}
