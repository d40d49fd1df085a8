using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Pace;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Pace;

/// <summary>SMTP, by recipients' domains. Bug classes: one domain's servers that hold up all letters, or that we go on pressing after they said no.</summary>
public sealed class DomainTests : IAsyncLifetime
{
    private readonly FakeSmtp _server = new();
    private readonly List<MailerUnderTest> _mailers = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var mailer in _mailers) await mailer.DisposeAsync();
        await _server.DisposeAsync();
    }

    // What the servers of large providers answer, and whom that is about: nobody but the letter, their domains, or all.
    [Theory]
    [InlineData("421 4.7.28 Our system has detected an unusual rate of unsolicited mail", "gmail", "rate_limited")]
    [InlineData("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints", "gmail", "rate_limited")]
    [InlineData("451 4.7.650 The mail server has been temporarily rate limited due to IP reputation", "gmail", "rate_limited")]
    [InlineData("421 4.3.2 Too many concurrent connections from your host", "gmail", "too_many_connections")]
    [InlineData("421 Service not available", "gmail", "busy")]
    [InlineData("451 4.7.1 Greylisted, please try again in 60 seconds", null, null)]
    [InlineData("450 4.2.0 Recipient address rejected: Greylisted", null, null)]
    [InlineData("452 4.2.2 The recipient's mailbox is over quota", null, null)]
    [InlineData("450 4.1.8 Cannot find your hostname", null, null)]
    [InlineData("452 4.3.1 Insufficient system storage", "", "busy")]
    public async Task Each_answer_holds_back_whom_it_is_about(string answer, string? held, string? reason)
    {
        var mailer = await StartAsync();
        var publication = await mailer.PublicationAsync();
        await JoinAsync(publication, "a@gmail.com");
        var refused = 0;
        _server.OnRecipient = _ => Interlocked.Increment(ref refused) == 1 ? answer : null;

        var edition = await publication.PublishAsync(publication.Post("Answered", Access.Public));
        await Eventually.TrueAsync(() => mailer.WithDbAsync(db => db.Batches.AnyAsync(b => b.EditionId == edition.Id && b.State == BatchState.Queued && b.LeaseId == null && b.SentAt != null)), "the letter put off");

        var holds = await mailer.WithDbAsync(db => db.SendingHolds.AsNoTracking().ToListAsync());
        Assert.Equal(held is null ? [] : [(held, reason!)], holds.Select(h => (h.Domain, h.Reason)));
        mailer.Service.Time.Advance(TimeSpan.FromHours(3));
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 1));
    }

    [Fact]
    public async Task A_question_to_the_database_that_fails_keeps_no_place_of_a_domain()
    {
        var mailer = await StartAsync();
        var services = mailer.Service.Services;
        DomainLimits limits = new(new() { Connections = 1, Rate = 100 }, new Dictionary<string, DomainLimitOptions>());
        var gate = new DomainGate(Guid.CreateVersion7(), limits, services.GetRequiredService<SendingHolds>(), services.GetRequiredService<Allowances>(), services.GetRequiredService<SharedClock>());

        var begun = await mailer.WithDbAsync(async db =>
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await gate.BeginAsync(db, "gmail", new(canceled: true)));
            return await gate.BeginAsync(db, "gmail", Cancellation);
        });

        Assert.Null(begun.Until);
    }

    [Fact]
    public async Task A_held_domains_letters_go_later_and_the_others_at_once()
    {
        var mailer = await StartAsync();
        var publication = await mailer.PublicationAsync();
        for (var i = 0; i < 20; i++) await JoinAsync(publication, $"g{i}@{(i % 2 == 0 ? "gmail.com" : "googlemail.com")}", $"o{i}@example.com");
        var isHolding = true;
        var asked = 0;
        _server.OnRecipient = to =>
        {
            if (!isHolding || !to.StartsWith('g')) return null;
            Interlocked.Increment(ref asked);
            return "421 4.7.28 Too many messages";
        };
        var edition = await publication.PublishAsync(publication.Post("Held", Access.Public));

        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 20), (DeliveryState.Queued, 20));
        Assert.Equal(1, asked);
        var pace = (await publication.As(Role.Owner).GetFromJsonAsync<JsonElement>($"{publication.Api}/senders/accounts", Cancellation)).GetProperty("items")[0].GetProperty("pace");
        Assert.Equal(("gmail", "rate_limited"), (pace.GetProperty("domains")[0].GetProperty("domain").GetString(), pace.GetProperty("domains")[0].GetProperty("reason").GetString()));

        // A process that begins now knows it, too.
        await using var second = await MailerUnderTest.StartAsync(useDatabase: mailer.Service.Database, settings: Settings(_server));
        await second.Service.PublishAsync(new DeliverBatch(await mailer.WithDbAsync(db => db.Batches.Where(b => b.EditionId == edition.Id).Select(b => b.Id).SingleAsync()), edition.Id, publication.Id));
        isHolding = false;
        second.Service.Time.Advance(TimeSpan.FromMinutes(3));
        mailer.Service.Time.Advance(TimeSpan.FromMinutes(3));
        await second.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 40));
        Assert.Equal(40, _server.Letters.Distinct().Count());
        Assert.Equal(40, _server.Letters.Count);
    }

    [Fact]
    public async Task Greylisting_delays_its_letter_and_not_the_domain()
    {
        var mailer = await StartAsync();
        var publication = await mailer.PublicationAsync();
        await JoinAsync(publication, [.. Enumerable.Range(0, 10).Select(i => $"r{i}@example.com")]);
        var isGrey = true;
        _server.OnRecipient = to => isGrey && to.StartsWith("r3@", StringComparison.Ordinal) ? "451 4.7.1 Greylisting in action, please come back later" : null;

        var edition = await publication.PublishAsync(publication.Post("Grey", Access.Public));
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 9), (DeliveryState.Queued, 1));
        await Eventually.TrueAsync(() => mailer.WithDbAsync(db => db.Batches.AnyAsync(b => b.EditionId == edition.Id && b.State == BatchState.Queued && b.LeaseId == null)), "the rest laid aside");
        isGrey = false;
        mailer.Service.Time.Advance(TimeSpan.FromMinutes(15));
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 10));
    }

    [Fact]
    public async Task A_domain_has_no_more_letters_side_by_side_than_is_set()
    {
        var mailer = await StartAsync(new("Smtp:Connections", "4"), new("Smtp:Domains:gmail:Connections", "1"));
        var publication = await mailer.PublicationAsync();
        foreach (var part in Enumerable.Range(0, 1_200).Chunk(400)) await JoinAsync(publication, [.. part.Select(i => i % 5 == 0 ? $"g{i}@gmail.com" : $"o{i}@example.com")]);
        // A letter to gmail.com is under way until twenty others have passed it; then one of these until there is a second.
        var (passed, together, others) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        _server.BeforeAnswer = (_, to) =>
        {
            if (to.EndsWith("@gmail.com", StringComparison.Ordinal)) return passed.Task;
            if (_server.MostAtOnce("example.com") > 1) together.TrySetResult();
            if (Interlocked.Increment(ref others) < 20) return Task.CompletedTask;
            passed.TrySetResult();
            return together.Task;
        };
        var edition = await publication.PublishAsync(publication.Post("One at a time", Access.Public));
        await mailer.SentAsync(edition.Id, TimeSpan.FromMinutes(2));
        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 1_200));
        Assert.Equal(1, _server.MostAtOnce("gmail.com"));
        Assert.Equal(2, _server.MostAtOnce("example.com"));
    }

    [Fact]
    public async Task A_domains_rate_is_kept_and_others_do_not_wait_for_it()
    {
        var mailer = await StartAsync(new KeyValuePair<string, string?>("Smtp:Domains:gmail:Rate", "2"));
        var publication = await mailer.PublicationAsync();
        await JoinAsync(publication, [.. Enumerable.Range(0, 12).Select(i => $"g{i}@gmail.com"), .. Enumerable.Range(0, 20).Select(i => $"o{i}@example.com")]);
        List<(string To, DateTime At)> taken = [];
        _server.OnRecipient = to =>
        {
            lock (taken) taken.Add((to, DateTime.UtcNow));
            return null;
        };
        var since = DateTime.UtcNow;
        var edition = await publication.PublishAsync(publication.Post("Two a second", Access.Public));
        await mailer.SentAsync(edition.Id);

        var slow = taken.Where(t => t.To.StartsWith('g')).Select(t => t.At).ToList();
        // Four leave at once.
        Assert.InRange((slow.Max() - since).TotalSeconds, (12 - 2 * 2) / 2.0 * 0.9, 30);
        Assert.True(taken.Where(t => t.To.StartsWith('o')).Max(t => t.At) < slow.Max());
    }

    private async Task<MailerUnderTest> StartAsync(params KeyValuePair<string, string?>[] more)
    {
        var mailer = await MailerUnderTest.StartAsync(settings: [.. Settings(_server), .. more]);
        _mailers.Add(mailer);
        return mailer;
    }

    private static KeyValuePair<string, string?>[] Settings(FakeSmtp server) =>
        [new("Mail:Provider", "smtp"), new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{server.Port}"), new("Smtp:Security", "None")];

    private static Task JoinAsync(TestPublication publication, params string[] addresses) =>
        publication.TellAsync([.. addresses.Select(address => publication.Reader("reader") with { Email = address, NormalisedEmail = address })]);
}
