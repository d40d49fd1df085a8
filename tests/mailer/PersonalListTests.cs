using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using MimeKit;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>Roundups of readers who all chose something else. Bug classes: what was not asked for in a letter, what was and is missing, and a choice that changes on the way.</summary>
public sealed partial class PersonalListTests : IAsyncLifetime
{
    private const int Topics = 9;
    /// <summary>Each with another set of topics, so more kinds than a letter has ever had bodies.</summary>
    private const int Readers = 300;
    private readonly List<MailerUnderTest> _mailers = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var mailer in _mailers) await mailer.DisposeAsync();
    }

    [Theory]
    // Short blocks: all of them may be substituted. Longer ones: some readers' may. Very long ones: nobody's.
    [InlineData(DatabaseKind.Postgres, 100)]
    [InlineData(DatabaseKind.Postgres, 1_000)]
    [InlineData(DatabaseKind.Postgres, 9_000)]
    [InlineData(DatabaseKind.Sqlite, 1_000)]
    public async Task Readers_of_three_hundred_kinds_each_get_exactly_what_they_asked_for(DatabaseKind kind, int length)
    {
        var mailer = await StartAsync(kind);
        var publication = await FilledAsync(mailer, length);

        var edition = await RunAsync(publication);
        await mailer.SentAsync(edition);

        await mailer.LedgerBecomesAsync(edition, (DeliveryState.Accepted, Readers));
        for (var reader = 1; reader <= Readers; reader++)
        {
            var mail = Assert.Single(mailer.Provider.To($"kind{reader}"));
            AssertIs(reader, mail.Html, mail.Text);
        }
        Assert.Equal(1, await mailer.WithDbAsync(db => db.Variants.CountAsync(v => v.EditionId == edition)));
    }

    [Fact]
    public async Task Short_lists_of_many_kinds_of_readers_leave_in_one_call()
    {
        var mailer = await StartAsync();
        var publication = await FilledAsync(mailer, 50, digest: false);

        await mailer.SentAsync(await RunAsync(publication));

        Assert.Equal(1, mailer.Provider.Calls);
    }

    [Fact]
    public async Task Over_SMTP_each_gets_exactly_what_they_asked_for()
    {
        await using var server = new FakeSmtp();
        var mailer = await StartAsync(settings: [new("Mail:Provider", "smtp"), new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{server.Port}"), new("Smtp:Security", "None")]);
        var publication = await FilledAsync(mailer, 1_000);

        var edition = await RunAsync(publication);
        await mailer.SentAsync(edition);

        await mailer.LedgerBecomesAsync(edition, (DeliveryState.Accepted, Readers));
        var letters = server.Texts.Select(text => MimeMessage.Load(new MemoryStream(Encoding.UTF8.GetBytes(text)), Cancellation)).ToDictionary(m => m.To.Mailboxes.Single().Address);
        for (var reader = 1; reader <= Readers; reader++) AssertIs(reader, letters[$"kind{reader}@example.com"].HtmlBody!, letters[$"kind{reader}@example.com"].TextBody!);
    }

    [Fact]
    public async Task After_a_call_that_was_put_off_no_others_are_begun_and_all_go_out_later_once()
    {
        var mailer = await StartAsync();
        // Nobody is like another, so each has a call.
        var publication = await FilledAsync(mailer, 9_000);
        var edition = await HeldBackAsync(mailer, publication, 429);

        Assert.InRange(mailer.Provider.Calls, 1, 16);
        GoOn(mailer);
        await mailer.LedgerBecomesAsync(edition, (DeliveryState.Accepted, Readers));
        Assert.Equal(Readers, mailer.Provider.Of(await mailer.SentAsync(edition)).Count);
    }

    [Fact]
    public async Task A_pause_waits_for_few_of_many_letters_that_each_take_a_call()
    {
        var mailer = await StartAsync();
        var publication = await FilledAsync(mailer, 9_000);
        var gate = new TaskCompletionSource<int>();
        mailer.Provider.Answer = _ => gate.Task;
        var edition = await RunAsync(publication);
        await Eventually.TrueAsync(() => Task.FromResult(mailer.Provider.Calls == 16), "sixteen calls in flight");

        (await publication.As(Role.Editor).PostAsync($"{publication.Api}/editions/{edition}/pause", null, Cancellation)).EnsureSuccessStatusCode();
        gate.SetResult(202);
        await mailer.LedgerBecomesAsync(edition, (DeliveryState.Accepted, 64), (DeliveryState.Queued, Readers - 64));
        Assert.Equal(64, mailer.Provider.Calls);

        (await publication.As(Role.Editor).PostAsync($"{publication.Api}/editions/{edition}/resume", null, Cancellation)).EnsureSuccessStatusCode();
        await mailer.LedgerBecomesAsync(edition, (DeliveryState.Accepted, Readers));
        Assert.Equal(Readers, mailer.Provider.Mails.Select(m => m.To).Distinct().Count());
    }

    [Fact]
    public async Task A_letter_that_is_tried_again_shows_what_was_asked_for_when_the_audience_was_written()
    {
        var mailer = await StartAsync();
        var publication = await mailer.PublicationAsync();
        var reader = await publication.JoinAsync("again", publication.Roundup, "t1");
        foreach (var topic in (int[])[2, 1, 0]) await publication.TellAsync(Article(publication, topic, 100));
        var edition = await HeldBackAsync(mailer, publication);

        await publication.TellAsync(reader with { Version = TestPublication.NextVersion(), Topics = ["t0", "t2"] });
        GoOn(mailer);

        await mailer.LedgerBecomesAsync(edition, (DeliveryState.Accepted, 1));
        Assert.Equal(["A1"], ShownIn(Assert.Single(mailer.Provider.To("again")).Html));
    }

    [Fact]
    public async Task What_is_unpublished_goes_from_the_lists_that_wait_and_what_was_chosen_of_the_rest_stays()
    {
        var mailer = await StartAsync();
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync("one", publication.Roundup, "t1");
        await publication.JoinAsync("two", publication.Roundup, "t1", "t2");
        await publication.JoinAsync("three", publication.Roundup, "t0", "t2");
        var goes = Article(publication, 1, 100);
        foreach (var post in (PostSnapshot[])[Article(publication, 2, 100), goes, Article(publication, 0, 100)]) await publication.TellAsync(post);
        var edition = await HeldBackAsync(mailer, publication);

        await publication.TellAsync(goes with { Version = TestPublication.NextVersion(), Published = false, Cuts = [] });
        GoOn(mailer);

        await mailer.LedgerBecomesAsync(edition, (DeliveryState.Accepted, 2), (DeliveryState.Skipped, 1));
        Assert.Empty(mailer.Provider.To("one"));
        Assert.Equal(["A2"], ShownIn(Assert.Single(mailer.Provider.To("two")).Html));
        Assert.Equal(["A0", "A2"], ShownIn(Assert.Single(mailer.Provider.To("three")).Html));
    }

    [Fact]
    public async Task Who_lost_access_still_gets_a_letter_that_shows_nothing_paid()
    {
        var mailer = await StartAsync();
        var publication = await mailer.PublicationAsync();
        var (free, paid) = (await publication.JoinAsync("free", publication.Roundup, "t0"), await publication.JoinAsync("paid", publication.Roundup, "t0", "t1"));
        var grants = new[] { await publication.GrantAsync(free), await publication.GrantAsync(paid) };
        await publication.TellAsync(Article(publication, 0, 100));
        await publication.TellAsync(Article(publication, 1, 100) with { Access = Access.Paid, Cuts = [new() { Level = Access.Paid, Html = "", Text = "", Complete = true }] });
        var edition = await HeldBackAsync(mailer, publication);

        await publication.TellAsync([.. grants.Select(g => g with { Version = TestPublication.NextVersion(), Until = DateTimeOffset.UtcNow.AddMinutes(-1) })]);
        GoOn(mailer);

        await mailer.LedgerBecomesAsync(edition, (DeliveryState.Accepted, 1), (DeliveryState.Skipped, 1));
        Assert.Equal(["A0"], ShownIn(Assert.Single(mailer.Provider.To("free")).Html));
    }

    [Fact]
    public async Task In_the_browser_a_reader_sees_the_posts_of_their_letter_and_a_stranger_all()
    {
        var mailer = await StartAsync();
        var publication = await mailer.PublicationAsync();
        await publication.JoinAsync("browses", publication.Roundup, "t0", "t2");
        foreach (var topic in (int[])[2, 1, 0]) await publication.TellAsync(Article(publication, topic, 100));
        var edition = await RunAsync(publication);
        await mailer.SentAsync(edition);
        var page = BrowserLink().Match(Assert.Single(mailer.Provider.To("browses")).Text).Groups[1].Value;

        Assert.Equal(["A0", "A2"], ShownIn(await ReadAsync(page)));
        Assert.Equal(["A0", "A1", "A2"], ShownIn(await ReadAsync(page.Split('?')[0])));
        Assert.Equal(["A0", "A1", "A2"], ShownIn(await ReadAsync(page[..^4] + "AAAA")));

        Task<string> ReadAsync(string path) => mailer.Service.Anonymous().GetStringAsync(path, Cancellation);
    }

    private async Task<MailerUnderTest> StartAsync(DatabaseKind kind = DatabaseKind.Postgres, IEnumerable<KeyValuePair<string, string?>>? settings = null)
    {
        var mailer = await MailerUnderTest.StartAsync(kind, settings: settings);
        _mailers.Add(mailer);
        return mailer;
    }

    /// <summary>Reader n asked for the topics that are the bits of n. Each topic has an article and two entries of a digest, whose sections lie across them.</summary>
    private static async Task<TestPublication> FilledAsync(MailerUnderTest mailer, int length, bool digest = true)
    {
        var publication = await mailer.PublicationAsync();
        await publication.TellAsync([.. Enumerable.Range(1, Readers).Select(n => publication.Reader($"kind{n}", publication.Roundup, [.. TopicsOf(n).Select(t => $"t{t}")]))]);
        // The newest is on top.
        if (digest) await publication.TellAsync(Digest(publication, length));
        for (var topic = Topics - 1; topic >= 0; topic--) await publication.TellAsync(Article(publication, topic, length));
        return publication;
    }

    private static IEnumerable<int> TopicsOf(int reader) => Enumerable.Range(0, Topics).Where(t => (reader & (1 << t)) != 0);

    private static PostSnapshot Article(TestPublication publication, int topic, int length) =>
        publication.Post($"A{topic}", Access.Public, asLetter: false, $"t{topic}") with { Summary = Prose($"[A{topic}]", length) };

    private static PostSnapshot Digest(TestPublication publication, int length)
    {
        List<EntrySnapshot> entries =
        [
            .. Enumerable.Range(0, 2 * Topics).Select(n => new EntrySnapshot
            {
                Id = Guid.CreateVersion7(),
                Name = $"E{n}",
                Section = $"Section {n / 4}",
                Html = $"<p>{Prose($"[E{n}]", length)} ü <a href=\"https://example.org/{n}\">x</a></p>",
                Text = Prose($"[E{n}]", length),
                Topics = [$"t{n % Topics}"],
            }),
        ];
        var post = publication.Post("Digest", Access.Public, asLetter: false);
        return post with { Kind = PostKind.Digest, Summary = "[D]", Entries = entries, Cuts = [.. post.Cuts.Select(c => c with { EntryIds = [.. entries.Select(e => e.Id)] })] };
    }

    private static string Prose(string mark, int length) => $"{mark} {new string('x', length / 4)} \"&quot;\\ {new string('y', length / 4)}";

    /// <summary>Its blocks in their order, each once, a heading above the first of each section, and nothing that was left to be filled in.</summary>
    private static void AssertIs(int reader, string html, string text)
    {
        var topics = TopicsOf(reader).ToList();
        var entries = Enumerable.Range(0, 2 * Topics).Where(n => topics.Contains(n % Topics)).ToList();
        string[] blocks = [.. topics.Select(t => $"A{t}"), "D", .. entries.Select(n => $"E{n}")];
        string[] sections = [.. entries.Select(n => $"Section {n / 4}").Distinct()];
        Assert.Equal(blocks, ShownIn(text));
        Assert.Equal(sections.Select(s => s.ToUpperInvariant()), SectionMark().Matches(text).Select(m => m.Value));
        Assert.DoesNotContain("-~", html + text, StringComparison.Ordinal);
        Assert.DoesNotContain("\n\n\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        // Mail programs would cut off what is longer than this; the rest is on the site.
        var shown = ShownIn(html);
        if (Encoding.UTF8.GetByteCount(html) < 80_000) Assert.Equal(blocks, shown);
        else Assert.Equal(blocks.Take(shown.Count), shown);
        Assert.InRange(Encoding.UTF8.GetByteCount(html), 1, 102_000);
        Assert.Equal(shown.Count(b => b[0] == 'E'), Regex.Count(html, "example.org|/t/[^?]+\\?r=[^\"]+\" style=\"color:[^\"]+\">x<"));
        if (shown.Count == blocks.Length) Assert.Equal(sections, SectionMark().Matches(html).Select(m => m.Value));
    }

    private static List<string> ShownIn(string part) => [.. BlockMark().Matches(part).Select(m => m.Groups[1].Value)];

    private static async Task<Guid> RunAsync(TestPublication publication)
    {
        using var answer = await publication.RunRoundupAsync();
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("id").GetGuid();
    }

    /// <summary>A roundup that was written, and whose provider is away.</summary>
    private static async Task<Guid> HeldBackAsync(MailerUnderTest mailer, TestPublication publication, int answer = 503)
    {
        mailer.Provider.Answer = _ => Task.FromResult(answer);
        var edition = await RunAsync(publication);
        await Eventually.TrueAsync(
            async () => await mailer.WithDbAsync(db => db.Batches.AnyAsync(b => b.EditionId == edition && b.State == BatchState.Queued && b.SentAt != null))
                && await mailer.WithDbAsync(db => db.Batches.AllAsync(b => b.EditionId != edition || b.SentAt != null)), "batches deferred");
        return edition;
    }

    private static void GoOn(MailerUnderTest mailer)
    {
        mailer.Provider.Answer = _ => Task.FromResult(202);
        mailer.Service.Time.Advance(TimeSpan.FromMinutes(15));
    }

    [GeneratedRegex(@"\[([ADE]\d*)\]")]
    private static partial Regex BlockMark();

    [GeneratedRegex(@"Section \d|SECTION \d")]
    private static partial Regex SectionMark();

    [GeneratedRegex(@"In the browser: http://mail\.example:8080(\S+)")]
    private static partial Regex BrowserLink();
}
