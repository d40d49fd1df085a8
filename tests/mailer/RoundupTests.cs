using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Tests;

public sealed class RoundupTests(SendingFixture fixture) : IClassFixture<SendingFixture>
{
    private readonly MailerUnderTest _mailer = fixture.Mailer;

    [Fact]
    public async Task A_roundup_shows_each_reader_their_topics_in_the_cut_that_they_have_earned()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync("all", publication.Roundup);
        await publication.JoinAsync("vision", publication.Roundup, "Vision");
        await publication.JoinAsync("audio", publication.Roundup, "audio");
        await publication.JoinAsync("other", publication.Roundup, "gardening");
        var member = await publication.JoinAsync("member", publication.Roundup, "vision");
        await publication.GrantAsync(member);
        await publication.TellAsync(Digest(publication, "Digest"));
        await publication.TellAsync(publication.Post("Essay", Access.Subscribers, asLetter: false, "audio"));
        await publication.TellAsync(publication.Post("Imported", Access.Public, asLetter: false, "audio") with { InRoundup = false });

        var edition = await RunAsync(publication, HttpStatusCode.Created);
        await _mailer.SentAsync(edition);

        await _mailer.LedgerBecomesAsync(edition, (DeliveryState.Accepted, 4));
        Has("all", ["SeeNet", "HearNet", "Essay"], ["PaidNet", "Imported"]);
        Has("vision", ["SeeNet"], ["HearNet", "PaidNet", "Essay"]);
        Has("audio", ["HearNet", "Essay"], ["SeeNet"]);
        Has("member", ["SeeNet", "PaidNet"], ["HearNet", "Essay"]);
        Assert.Empty(_mailer.Provider.To("other"));
    }

    [Fact]
    public async Task A_second_run_of_the_same_slot_mails_nobody()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync("twice", publication.Roundup);
        await publication.TellAsync(publication.Post("Once", asLetter: false));

        var first = await RunAsync(publication, HttpStatusCode.Created);
        await _mailer.SentAsync(first);
        var second = await RunAsync(publication, HttpStatusCode.OK);

        Assert.Equal(first, second);
        Assert.Single(_mailer.Provider.To("twice"));
        Assert.Equal(1, await _mailer.WithDbAsync(db => db.Editions.CountAsync(e => e.PublicationId == publication.Id && e.Recipients > 0)));
    }

    [Fact]
    public async Task Ten_runs_at_once_make_one_edition()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync("race", publication.Roundup);
        await publication.TellAsync(publication.Post("Race", asLetter: false));

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => publication.RunRoundupAsync()));

        Assert.Equal(1, answers.Count(a => a.StatusCode == HttpStatusCode.Created));
        Assert.Equal(9, answers.Count(a => a.StatusCode == HttpStatusCode.OK));
        var edition = await _mailer.EditionAsync(e => e.PublicationId == publication.Id && e.State == EditionState.Sent && e.Recipients == 1, "edition sent");
        Assert.Single(_mailer.Provider.Of(edition));
    }

    [Fact]
    public async Task A_roundup_without_anything_new_mails_nobody_and_closes_its_slot()
    {
        // Its hour came a minute ago.
        var hour = _mailer.Service.Time.GetUtcNow().AddMinutes(-1);
        var publication = await _mailer.PublicationAsync(schedule: new(hour.DayOfWeek, TimeOnly.FromTimeSpan(hour.TimeOfDay)));
        await publication.JoinAsync("nothing", publication.Roundup);

        var edition = await _mailer.EditionAsync(e => e.PublicationId == publication.Id && e.State == EditionState.Sent, "the slot closed at its hour");

        Assert.Equal(0, edition.Recipients);
        Assert.Empty(_mailer.Provider.To("nothing"));
    }

    [Fact]
    public async Task A_roundup_that_is_run_early_with_nothing_new_is_refused_and_keeps_its_slot()
    {
        var publication = await _mailer.PublicationAsync(schedule: _mailer.InThreeDays());
        await publication.JoinAsync("patient", publication.Roundup);

        using var refused = await publication.RunRoundupAsync();
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("Nothing new", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        await publication.TellAsync(publication.Post("Late news", asLetter: false));
        await _mailer.SentAsync(await RunAsync(publication, HttpStatusCode.Created));
        Assert.Single(_mailer.Provider.To("patient"));
    }

    [Fact]
    public async Task Staff_see_when_each_roundup_goes_out_and_what_it_would_hold()
    {
        var publication = await _mailer.PublicationAsync(schedule: _mailer.InThreeDays());
        await publication.JoinAsync("watch", publication.Roundup);
        await publication.TellAsync(publication.Post("Waiting", asLetter: false));

        var before = Assert.Single((await RoundupsAsync(publication)).EnumerateArray());
        var edition = await RunAsync(publication, HttpStatusCode.Created);
        var after = Assert.Single((await RoundupsAsync(publication)).EnumerateArray());

        Assert.Equal(("weekly", "The week", 1), (before.GetProperty("newsletter").GetString(), before.GetProperty("name").GetString(), before.GetProperty("waitingPosts").GetInt32()));
        Assert.Equal(JsonValueKind.Null, before.GetProperty("lastEditionId").ValueKind);
        Assert.Equal((0, edition), (after.GetProperty("waitingPosts").GetInt32(), after.GetProperty("lastEditionId").GetGuid()));
        Assert.Equal(before.GetProperty("nextAt").GetDateTimeOffset(), after.GetProperty("lastSlotAt").GetDateTimeOffset());
        Assert.Equal(before.GetProperty("nextAt").GetDateTimeOffset().AddDays(7), after.GetProperty("nextAt").GetDateTimeOffset());
        Assert.Equal(0, after.GetProperty("missed").GetInt32());
    }

    private static async Task<JsonElement> RoundupsAsync(TestPublication publication) =>
        (await publication.As(Role.Author).GetFromJsonAsync<JsonElement>($"{publication.Api}/roundups", TestContext.Current.CancellationToken)).GetProperty("items");

    private void Has(string reader, string[] shown, string[] hidden)
    {
        var mail = Assert.Single(_mailer.Provider.To(reader));
        Assert.All(shown, text => Assert.Contains(text, mail.Html, StringComparison.Ordinal));
        Assert.All(shown, text => Assert.Contains(text, mail.Text, StringComparison.Ordinal));
        Assert.All(hidden, text => Assert.DoesNotContain(text, mail.Html + mail.Text, StringComparison.Ordinal));
    }

    private static async Task<Guid> RunAsync(TestPublication publication, HttpStatusCode wanted)
    {
        var answer = await publication.RunRoundupAsync();
        Assert.Equal(wanted, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    /// <summary>A digest of three systems, the last for members only.</summary>
    private static PostSnapshot Digest(TestPublication publication, string title)
    {
        EntrySnapshot Entry(string name, string topic) => new() { Id = Guid.CreateVersion7(), Name = name, Html = $"<p>On {name}</p>", Text = $"On {name}", Topics = [topic] };
        EntrySnapshot[] entries = [Entry("SeeNet", "vision"), Entry("HearNet", "audio"), Entry("PaidNet", "vision")];
        return publication.Post(title, Access.Paid, asLetter: false) with
        {
            Kind = PostKind.Digest,
            Entries = entries,
            Cuts =
            [
                new() { Level = Access.Subscribers, Html = "<p>intro</p>", Text = "intro", EntryIds = [entries[0].Id, entries[1].Id] },
                new() { Level = Access.Paid, Html = "<p>intro</p>", Text = "intro", EntryIds = [.. entries.Select(e => e.Id)], Complete = true },
            ],
        };
    }
}
