using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;
using DeliverabilityStatus = Newsletter.Contracts.Deliverability;

namespace Newsletter.Mailer.Tests.Webhooks;

public sealed class EventTests(WebhookFixture fixture) : IClassFixture<WebhookFixture>
{
    private ServiceUnderTest Mailer => fixture.Mailer;

    [Fact]
    public async Task Events_move_the_ledger_and_the_counters()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 5);
        var readers = mailed.Readers;
        await fixture.TellAsync(
            SignedEvents.Event(mailed, readers[0], "delivered"),
            SignedEvents.Event(mailed, readers[1], "bounce", SignedEvents.Hard),
            SignedEvents.Event(mailed, readers[2], "delivered"), SignedEvents.Event(mailed, readers[2], "open", e => e["sg_machine_open"] = false),
            SignedEvents.Event(mailed, readers[3], "open", e => e["sg_machine_open"] = true), SignedEvents.Event(mailed, readers[3], "spamreport"),
            SignedEvents.Event(mailed, readers[4], "click", e => e["url"] = "https://example.com/"), SignedEvents.Event(mailed, readers[4], "group_unsubscribe"));

        var letters = (await mailed.LettersAsync(Mailer)).ToDictionary(d => d.SubscriberId);
        Assert.Equal(DeliveryState.Delivered, letters[readers[0]].State);
        Assert.Equal((DeliveryState.Bounced, "5.1.1"), (letters[readers[1]].State, letters[readers[1]].Reason));
        Assert.NotNull(letters[readers[2]].OpenedAt);
        Assert.Null(letters[readers[3]].OpenedAt);
        Assert.NotNull(letters[readers[3]].ComplainedAt);
        Assert.NotNull(letters[readers[4]].ClickedAt);
        var counters = await mailed.CountersAsync(Mailer);
        Assert.Equal((2, 1, 1, 1, 1), (counters.Opens, counters.MachineOpens, counters.Clicks, counters.Complaints, counters.Unsubscribes));
    }

    [Fact]
    public async Task The_same_event_46_times_in_any_order_counts_once()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 3);
        JsonObject[] events =
        [
            .. mailed.Readers.SelectMany(reader => (JsonObject[])
            [
                SignedEvents.Event(mailed, reader, "processed"), SignedEvents.Event(mailed, reader, "delivered"),
                SignedEvents.Event(mailed, reader, "open", e => e["sg_machine_open"] = false), SignedEvents.Event(mailed, reader, "click"),
                SignedEvents.Event(mailed, reader, "bounce", SignedEvents.Hard),
            ]),
        ];
        var random = new Random(4);
        for (var i = 0; i < 46; i++)
        {
            random.Shuffle(events);
            using var answer = await fixture.PostAsync(JsonSerializer.SerializeToUtf8Bytes(events));
            Assert.True(answer.IsSuccessStatusCode);
        }
        await fixture.SettleAsync();

        Assert.All(await mailed.LettersAsync(Mailer), d => Assert.Equal(DeliveryState.Bounced, d.State));
        var counters = await mailed.CountersAsync(Mailer);
        Assert.Equal((3, 3), (counters.Opens, counters.Clicks));
        var told = Mailer.Sent<DeliverabilityChanged>().Where(e => e.PublicationId == mailed.Publication).SelectMany(e => e.Addresses).ToList();
        await Mailer.SentAsync<DeliverabilityChanged>(e => e.PublicationId == mailed.Publication);
        Assert.True(told.Count <= 3);
    }

    [Fact]
    public async Task Beyond_the_memory_of_ids_a_repeated_event_changes_nothing()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 1);
        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "open"));
        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "open"));
        Assert.Equal(1, (await mailed.CountersAsync(Mailer)).Opens);
    }

    [Fact]
    public async Task A_later_fact_wins_over_an_earlier_one_that_comes_late()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 2);
        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "bounce", SignedEvents.Hard));
        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "delivered"));
        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[1], "delivered"));
        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[1], "processed"));

        var letters = (await mailed.LettersAsync(Mailer)).ToDictionary(d => d.SubscriberId);
        Assert.Equal(DeliveryState.Bounced, letters[mailed.Readers[0]].State);
        Assert.NotNull(letters[mailed.Readers[0]].DeliveredAt);
        Assert.Equal(DeliveryState.Delivered, letters[mailed.Readers[1]].State);
    }

    [Fact]
    public async Task A_call_with_thousands_of_events_is_worked_out_whole()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 3000);
        await fixture.TellAsync([.. mailed.Readers.Select((reader, i) => SignedEvents.Event(mailed, reader, "delivered", at: DateTimeOffset.UtcNow.AddSeconds(-(i % 5))))]);
        Assert.All(await mailed.LettersAsync(Mailer), d => Assert.Equal(DeliveryState.Delivered, d.State));
    }

    [Fact]
    public async Task Letters_that_were_never_sent_stay_as_they_are()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 1, DeliveryState.Suppressed);
        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "delivered"));
        Assert.Equal(DeliveryState.Suppressed, (await mailed.LettersAsync(Mailer)).Single().State);
    }

    [Fact]
    public async Task Events_of_no_edition_or_of_another_publications_change_nothing()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 1);
        var other = await MailedEdition.CreateAsync(Mailer, 1);
        await fixture.TellAsync(
            SignedEvents.Event(mailed, mailed.Readers[0], "bounce", e => e["publication"] = other.Publication.ToString("N")),
            SignedEvents.Event(mailed, mailed.Readers[0], "bounce", e => e["edition"] = Guid.NewGuid().ToString("N")),
            SignedEvents.Event(mailed, Guid.NewGuid(), "delivered"),
            SignedEvents.Event(mailed, mailed.Readers[0], "something_new"),
            new JsonObject { ["event"] = 5 },
            new JsonObject { ["event"] = "delivered", ["edition"] = "x", ["timestamp"] = "y", ["email"] = "z" });
        Assert.Equal(DeliveryState.Accepted, (await mailed.LettersAsync(Mailer)).Single().State);
        Assert.DoesNotContain(Mailer.Sent<DeliverabilityChanged>(), e => e.PublicationId == mailed.Publication || e.PublicationId == other.Publication);
    }

    [Fact]
    public async Task One_event_that_cannot_be_read_does_not_cost_the_thousands_beside_it()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 2000);
        var id = mailed.Readers[0].ToString("N");
        string[] strange =
        [
            "null", "5", "[]", "\"delivered\"", "{}", """{"event":null}""", """{"event":"bounce","email":"\ud800","sg_event_id":"\ud800","reason":"\udc00","status":"\ud800"}""",
            $$"""{"event":"bounce","type":"bounce","email":"\u0000","reason":"\u0000\u0007","status":"\u0000","subscriber":"{{id}}","edition":"{{mailed.Edition:N}}","timestamp":1e400}""",
            $$"""{"event":"delivered","sg_event_id":"{{new string('x', 100_000)}}","timestamp":-5,"edition":["{{mailed.Edition:N}}"],"subscriber":{} }""",
            $$"""{"event":"dropped","event":"open","reason":{"a":[1,2]},"edition":"{{mailed.Edition:N}}","subscriber":"{{Guid.NewGuid():N}}"}""",
        ];
        var events = mailed.Readers.Skip(1).Select(reader => SignedEvents.Event(mailed, reader, "delivered").ToJsonString()).ToList();
        for (var i = 0; i < strange.Length; i++) events.Insert(i * 150, strange[i]);
        using var answer = await fixture.PostAsync(System.Text.Encoding.UTF8.GetBytes($"[{string.Join(',', events)}]"));
        Assert.Equal(System.Net.HttpStatusCode.NoContent, answer.StatusCode);
        await fixture.SettleAsync();
        Assert.Equal(1999, (await mailed.LettersAsync(Mailer)).Count(d => d.State == DeliveryState.Delivered));
    }

    [Fact]
    public async Task A_bounce_that_comes_late_without_a_message_id_finds_its_letter()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 2, DeliveryState.Delivered);
        await mailed.WereAcceptedAsync(Mailer, DateTimeOffset.UtcNow.AddDays(-1));
        await fixture.TellAsync(
            SignedEvents.Event(mailed, mailed.Readers[0], "bounce", e =>
            {
                SignedEvents.Hard(e);
                e.Remove("sg_message_id");
            }),
            SignedEvents.Event(mailed, mailed.Readers[1], "bounce", e =>
            {
                SignedEvents.HardWithoutIds(e);
                e["email"] = MailedEdition.AddressOf(mailed.Readers[1]).ToUpperInvariant();
            }));
        Assert.All(await mailed.LettersAsync(Mailer), d => Assert.Equal(DeliveryState.Bounced, d.State));
    }

    [Theory]
    [InlineData(6 * 24, DeliveryState.Bounced)]
    [InlineData(8 * 24, DeliveryState.Accepted)]
    [InlineData(-1, DeliveryState.Accepted)]
    public async Task A_bounce_without_ids_is_about_no_letter_but_of_the_week_before_it(int hoursAfter, DeliveryState state)
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 1);
        var bounced = DateTimeOffset.UtcNow.AddHours(-2);
        await mailed.WereAcceptedAsync(Mailer, bounced.AddHours(-hoursAfter));

        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "bounce", SignedEvents.HardWithoutIds, at: bounced));

        Assert.Equal(state, (await mailed.LettersAsync(Mailer)).Single().State);
        Assert.Equal(state == DeliveryState.Bounced, await IsAnyAddressKnownAsync(mailed));
    }

    [Fact]
    public async Task A_bounce_of_a_test_letter_is_not_taken_for_one_of_the_readers_letter()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 1);
        await mailed.WereAcceptedAsync(Mailer, DateTimeOffset.UtcNow.AddMinutes(-1));

        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "bounce", e =>
        {
            SignedEvents.HardWithoutIds(e);
            (e["mail"], e["publication"]) = (Guid.CreateVersion7().ToString("N"), mailed.Publication.ToString("N"));
        }));

        Assert.Equal(DeliveryState.Accepted, (await mailed.LettersAsync(Mailer)).Single().State);
        Assert.False(await IsAnyAddressKnownAsync(mailed));
    }

    [Fact]
    public async Task A_bounce_that_names_another_publications_reader_is_told_of_nobody()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 1);
        var other = await MailedEdition.CreateAsync(Mailer, 1);

        await fixture.TellAsync(SignedEvents.Event(mailed, other.Readers[0], "bounce", SignedEvents.Hard));

        Assert.False(await Mailer.WithDbAsync<MailerDb, bool>(db => db.AddressStatuses.AnyAsync(a => a.SubscriberId == other.Readers[0])));
    }

    [Fact]
    public async Task An_event_of_before_a_batch_was_sent_again_proves_nothing_of_it()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 2, DeliveryState.Uncertain, BatchState.Uncertain);
        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "open", at: DateTimeOffset.UtcNow.AddHours(-1)));
        Assert.Null((await mailed.BatchAsync(Mailer)).FirstEventAt);
    }

    [Fact]
    public async Task An_event_proves_that_the_provider_has_the_batch()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 2, DeliveryState.Uncertain, BatchState.Uncertain);
        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "deferred"));
        Assert.NotNull((await mailed.BatchAsync(Mailer)).FirstEventAt);

        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "delivered"));
        Assert.Contains(await mailed.LettersAsync(Mailer), d => d.State == DeliveryState.Delivered);
    }

    [Fact]
    public async Task The_span_that_ingests_points_to_the_span_that_sent()
    {
        List<Activity> spans = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == NewsletterTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                lock (spans) spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        const string sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var mailed = await MailedEdition.CreateAsync(Mailer, 1, traceParent: sent);
        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "delivered"));

        await Eventually.TrueAsync(() =>
        {
            lock (spans) return Task.FromResult(spans.Exists(s => s.OperationName == "ingest provider events" && s.Links.Any(l => l.Context.TraceId.ToString() == "0af7651916cd43dd8448eb211c80319c")));
        }, "a span with the link");
    }

    [Fact]
    public async Task A_bounce_is_told_to_others_and_its_words_are_not()
    {
        var mailed = await MailedEdition.CreateAsync(Mailer, 3);
        await fixture.TellAsync(
            SignedEvents.Event(mailed, mailed.Readers[0], "bounce", SignedEvents.Hard),
            SignedEvents.Event(mailed, mailed.Readers[1], "bounce", e => (e["type"], e["status"]) = ("blocked", "5.7.1")),
            SignedEvents.Event(mailed, mailed.Readers[2], "spamreport"), SignedEvents.Event(mailed, mailed.Readers[2], "bounce", SignedEvents.Hard));

        var told = await Mailer.SentAsync<DeliverabilityChanged>(e => e.PublicationId == mailed.Publication);
        var byReader = told.Addresses.ToDictionary(a => a.Id);
        Assert.Equal((DeliverabilityStatus.Bounced, "5.1.1"), (byReader[mailed.Readers[0]].Status, byReader[mailed.Readers[0]].Reason));
        Assert.Equal(DeliverabilityStatus.Blocked, byReader[mailed.Readers[1]].Status);
        Assert.Equal(DeliverabilityStatus.Complained, byReader[mailed.Readers[2]].Status);
        Assert.Equal(0, await Mailer.WithDbAsync<MailerDb, int>(db => db.AddressStatuses.CountAsync(a => EF.Functions.Like(a.Reason, "%@%"))));
    }

    private Task<bool> IsAnyAddressKnownAsync(MailedEdition mailed) => Mailer.WithDbAsync<MailerDb, bool>(db => db.AddressStatuses.AnyAsync(a => a.PublicationId == mailed.Publication));
}
