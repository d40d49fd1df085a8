using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tracking;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Figures;

public abstract class FiguresTests(FiguresFixture fixture)
{
    private const string Nasty = "550 5.1.1 <ada@example.com> unknown <script>alert(1)</script>\r\nsecond line";

    [Fact]
    public async Task Figures_say_by_domain_provider_and_reason_what_became_of_the_letters()
    {
        var publication = await fixture.Sending.PublicationAsync();
        await publication.JoinAsync(3);
        await publication.TellAsync(publication.Reader("far") with { Email = "far@far.example", NormalisedEmail = "far@far.example" });
        var (edition, mails) = await fixture.MailAsync(publication, "By domain");
        var far = mails.Single(m => m.To == "far@far.example");
        var near = mails.Except([far]).ToList();

        await fixture.TellAsync(
            FiguresFixture.EventOf(near[0], "delivered"), FiguresFixture.EventOf(near[0], "open"), FiguresFixture.EventOf(near[1], "delivered"),
            FiguresFixture.EventOf(far, "bounce", Bounced));

        // What was counted when the edition was sent is kept for a hundred times as long as that took; events are taken that were signed within ten minutes.
        fixture.Mailer.Time.Advance(TimeSpan.FromMinutes(9));
        var figures = await FiguresFixture.BecomesAsync(
            publication, $"editions/{edition.Id}/figures", f => f.GetProperty("failures").GetArrayLength() == 1
                && f.GetProperty("domains").EnumerateArray().Any(d => d.GetProperty("opened").GetInt32() == 1), "figures");
        Assert.Equal(
            [("example.com", 3, 2, 0, 1), ("far.example", 1, 0, 1, 0)],
            figures.GetProperty("domains").EnumerateArray().Select(d => (
                d.GetProperty("domain").GetString()!, d.GetProperty("letters").GetInt32(), d.GetProperty("delivered").GetInt32(), d.GetProperty("bounced").GetInt32(), d.GetProperty("opened").GetInt32())));
        var provider = Assert.Single(figures.GetProperty("providers").EnumerateArray());
        Assert.Equal(("sendgrid", 4, 1), (provider.GetProperty("provider").GetString(), provider.GetProperty("accepted").GetInt32(), provider.GetProperty("failed").GetInt32()));
        var failure = Assert.Single(figures.GetProperty("failures").EnumerateArray());
        Assert.Equal(("bounced", "5.1.1", 1), (failure.GetProperty("state").GetString(), failure.GetProperty("reason").GetString(), failure.GetProperty("letters").GetInt32()));
        Assert.Equal("550 5.1.1 <…> unknown <script>alert(1)</script> second line", failure.GetProperty("text").GetString());
        Assert.Equal(1, figures.GetProperty("facts").GetProperty("opened").GetInt32());
    }

    [Fact]
    public async Task Above_twenty_domains_the_rest_is_one_line()
    {
        var publication = await fixture.Sending.PublicationAsync();
        await publication.TellAsync([.. Enumerable.Range(0, 25).Select(i => publication.Reader($"d{i}") with { Email = $"d{i}@host{i:00}.example", NormalisedEmail = $"d{i}@host{i:00}.example" })]);
        await publication.JoinAsync("most1");
        await publication.JoinAsync("most2");
        var (edition, _) = await fixture.MailAsync(publication, "Domains");

        var figures = await FiguresFixture.BecomesAsync(publication, $"editions/{edition.Id}/figures", f => f.GetProperty("domains").GetArrayLength() > 0, "domains");

        var domains = figures.GetProperty("domains").EnumerateArray().Select(d => (Name: d.GetProperty("domain").GetString(), Letters: d.GetProperty("letters").GetInt32())).ToList();
        Assert.Equal(21, domains.Count);
        Assert.Equal(("example.com", 2), domains[0]);
        Assert.Equal(("other", 6), domains[^1]);
        Assert.Equal(27, domains.Sum(d => d.Letters));
    }

    [Fact]
    public async Task Engagement_links_and_entries_are_told_of_a_digest()
    {
        var publication = await fixture.Sending.PublicationAsync();
        var reader = await publication.JoinAsync("clicker");
        var other = await publication.JoinAsync("other");
        var paper = new EntrySnapshot { Id = Guid.CreateVersion7(), Name = "SeeNet", Title = "Seeing", Html = "<p>s</p>", Text = "s", Links = [new("paper", "https://papers.example/see")] };
        var silent = new EntrySnapshot { Id = Guid.CreateVersion7(), Name = "HearNet", Html = "<p>h</p>", Text = "h" };
        var digest = publication.Post("Digest of figures") with { Kind = PostKind.Digest, Entries = [paper, silent] };
        var edition = await publication.PublishAsync(digest);
        await fixture.Sending.SentAsync(edition.Id);

        await FollowAsync(edition.Id, reader.Id, "https://papers.example/see");
        await FollowAsync(edition.Id, reader.Id, "https://papers.example/see");
        await FollowAsync(edition.Id, other.Id, digest.Url);

        var figures = await FiguresFixture.GetAsync(publication, $"editions/{edition.Id}/figures");
        Assert.Equal(
            [("https://papers.example/see", 2, 1), (digest.Url, 1, 1)],
            figures.GetProperty("links").EnumerateArray().Select(l => (l.GetProperty("url").GetString()!, l.GetProperty("clicks").GetInt32(), l.GetProperty("readers").GetInt32())));
        Assert.Equal(
            [(paper.Id, "Seeing", 1), (silent.Id, "HearNet", 0)],
            figures.GetProperty("entries").EnumerateArray().Select(e => (e.GetProperty("entryId").GetGuid(), e.GetProperty("title").GetString()!, e.GetProperty("clicks").GetInt32())));
        var points = figures.GetProperty("engagement").EnumerateArray().ToList();
        Assert.Equal(2, points.Sum(p => p.GetProperty("opens").GetInt32()));
        Assert.Equal(2, points.Sum(p => p.GetProperty("clicks").GetInt32()));
        Assert.Equal(0, points.Sum(p => p.GetProperty("machineOpens").GetInt32()));
    }

    [Fact]
    public async Task Letters_are_told_by_the_publications_days()
    {
        // There the day ends at half past six in the evening, UTC.
        var publication = await fixture.Sending.PublicationAsync("Asia/Kolkata");
        await publication.JoinAsync(2);
        var (_, mails) = await fixture.MailAsync(publication, "Days");
        var now = fixture.Mailer.Time.GetUtcNow();
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata");
        var midnight = new DateTimeOffset(TimeZoneInfo.ConvertTime(now, zone).Date, TimeSpan.FromHours(5.5));

        await fixture.TellAsync(
            FiguresFixture.EventOf(mails[0], "delivered"),
            FiguresFixture.EventOf(mails[0], "open", at: midnight.AddMinutes(-1)),
            FiguresFixture.EventOf(mails[1], "open", at: midnight));

        var statistics = await FiguresFixture.BecomesAsync(
            publication, "statistics/letters?days=3", s => s.GetProperty("days").EnumerateArray().Sum(d => d.GetProperty("delivered").GetInt32()) == 1, "delivered counted");
        var days = statistics.GetProperty("days").EnumerateArray().ToList();
        Assert.Equal(3, days.Count);
        Assert.Equal(midnight.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), days[2].GetProperty("day").GetString());
        Assert.Equal(2, days.Sum(d => d.GetProperty("accepted").GetInt32()));
        Assert.Equal([0, 1, 1], days.Select(d => d.GetProperty("opened").GetInt32()));
    }

    [Fact]
    public async Task A_readers_letters_are_listed_over_all_editions()
    {
        var publication = await fixture.Sending.PublicationAsync();
        var reader = await publication.JoinAsync("story");
        var first = (await fixture.MailAsync(publication, "First")).Edition;
        var second = (await fixture.MailAsync(publication, "Second")).Edition;
        var neighbour = await fixture.Sending.PublicationAsync();

        var page = await FiguresFixture.GetAsync(publication, $"deliveries?subscriber={reader.Id}&limit=1");
        var rest = await FiguresFixture.GetAsync(publication, $"deliveries?subscriber={reader.Id}&limit=1&cursor={page.GetProperty("next").GetString()}");

        var letters = page.GetProperty("items").EnumerateArray().Concat(rest.GetProperty("items").EnumerateArray()).ToList();
        Assert.Equal([(second.Id, "Second", "accepted"), (first.Id, "First", "accepted")], letters.Select(l => (l.GetProperty("editionId").GetGuid(), l.GetProperty("subject").GetString()!, l.GetProperty("state").GetString()!)));
        Assert.Equal(JsonValueKind.Null, rest.GetProperty("next").ValueKind);
        Assert.Equal(0, (await FiguresFixture.GetAsync(neighbour, $"deliveries?subscriber={reader.Id}")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Editions_are_found_by_state_and_subject_and_show_their_totals()
    {
        var publication = await fixture.Sending.PublicationAsync();
        await publication.JoinAsync(2);
        var (wanted, mails) = await fixture.MailAsync(publication, "The 100% Test_Case");
        await fixture.MailAsync(publication, "Another");
        await fixture.TellAsync(FiguresFixture.EventOf(mails[0], "open"), FiguresFixture.EventOf(mails[0], "click"));

        var found = await FiguresFixture.GetAsync(publication, "editions?state=sent&q=100%25%20TEST_c");

        var item = Assert.Single(found.GetProperty("items").EnumerateArray());
        Assert.Equal(wanted.Id, item.GetProperty("id").GetGuid());
        Assert.Equal((2, 2, 1, 1), (item.GetProperty("recipients").GetInt32(), item.GetProperty("accepted").GetInt32(), item.GetProperty("opened").GetInt32(), item.GetProperty("clicked").GetInt32()));
        Assert.Equal(wanted.Id, Assert.Single((await FiguresFixture.GetAsync(publication, $"editions?post={wanted.PostId}")).GetProperty("items").EnumerateArray()).GetProperty("id").GetGuid());
        Assert.Equal(0, (await FiguresFixture.GetAsync(publication, "editions?q=test-case")).GetProperty("items").GetArrayLength());
        Assert.Equal(0, (await FiguresFixture.GetAsync(publication, "editions?state=cancelled")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Deliveries_are_exported_and_no_field_is_a_formula()
    {
        var publication = await fixture.Sending.PublicationAsync();
        var kept = publication.Reader("kept");
        var evil = publication.Reader("evil") with { Email = "=cmd@example.com", NormalisedEmail = "=cmd@example.com" };
        var gone = publication.Reader("gone");
        await publication.TellAsync(kept, evil, gone);
        var (edition, mails) = await fixture.MailAsync(publication, "Export");
        await publication.TellAsync(gone with { Version = TestPublication.NextVersion(), Deleted = true });
        await fixture.TellAsync(FiguresFixture.EventOf(mails.Single(m => m.To == "kept@example.com"), "delivered"));

        using var answer = await publication.As(Role.Owner).GetAsync($"{publication.Api}/editions/{edition.Id}/export");

        Assert.Equal("text/csv", answer.Content.Headers.ContentType!.MediaType);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.TrimEnd('\r').Split(',')).ToList();
        Assert.Equal(["subscriberId", "email", "state", "reason"], lines[0][..4]);
        var rows = lines.Skip(1).ToDictionary(l => Guid.Parse(l[0]));
        Assert.Equal(("kept@example.com", "delivered"), (rows[kept.Id][1], rows[kept.Id][2]));
        Assert.Equal("'=cmd@example.com", rows[evil.Id][1].Trim('"'));
        Assert.Equal(("", "accepted"), (rows[gone.Id][1], rows[gone.Id][2]));
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await publication.As(Role.Editor).GetAsync($"{publication.Api}/editions/{edition.Id}/export")).StatusCode);
        using var exportOnly = await fixture.Mailer.As(Role.Owner, publication.Id, scopes: Permission.SubscribersExport).GetAsync($"{publication.Api}/editions/{edition.Id}/export");
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, exportOnly.StatusCode);
    }

    private async Task FollowAsync(Guid edition, Guid reader, string address)
    {
        var key = await fixture.Sending.Service.WithDbAsync<SecretKeys, byte[]>(keys => keys.GetAsync(SecretKeys.Tracking, TestContext.Current.CancellationToken));
        var codes = new TrackingCodes(key);
        using var client = fixture.Mailer.Anonymous();
        client.DefaultRequestHeaders.UserAgent.ParseAdd("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0");
        using var answer = await client.GetAsync($"/t/{codes.Link(edition, address)}?r={codes.Reader(edition, reader)}");
        Assert.Equal(System.Net.HttpStatusCode.Redirect, answer.StatusCode);
    }

    private static void Bounced(JsonObject told) => (told["type"], told["status"], told["reason"]) = ("bounce", "5.1.1", Nasty);
}

public sealed class PostgresFiguresTests(PostgresFigures fixture) : FiguresTests(fixture), IClassFixture<PostgresFigures>;

public sealed class SqliteFiguresTests(SqliteFigures fixture) : FiguresTests(fixture), IClassFixture<SqliteFigures>;
