using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests.Stories;

/// <summary>A visitor's whole story: from the first page to the paid post, the roundup and the figures that staff read. Run in both forms.</summary>
public abstract class Story(Installation house)
{
    private const string Publication = "scipapermill";
    private const string Api = $"/api/v1/publications/{Publication}";
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];

    private string Base => house.BaseUrlOf(Publication);
    private string Weekly => $"weekly-{_run}@example.com";
    private string EveryPost => $"every-post-{_run}@example.com";

    /// <summary>The sandbox's provider takes mail to it and says later that it bounced.</summary>
    private string Bouncing => $"reader-{_run}+bounce@example.com";

    [Fact]
    public async Task A_visitor_subscribes_reads_pays_and_gets_the_roundup()
    {
        var visitor = new Browser(house.Visitor());
        await MeetTheGateAsync(visitor);
        await SubscribeAsync(visitor);
        await SubscribeThroughTheApiAsync();

        var editor = await EditorAsync();
        var (forSubscribers, forMembers) = await PublishTwoPostsAsync(editor);
        await ReadAsSubscriberAsync(visitor, forSubscribers, forMembers);

        await SignInAgainAsync(visitor);
        await PayAsync(visitor, forMembers);
        await CancelAsync(visitor, forMembers);

        await RoundupAsync(editor);
        await ReadTheFiguresAsync(editor, forSubscribers);
        await ReadTheMetricsAsync();
    }

    private async Task MeetTheGateAsync(Browser visitor)
    {
        var home = await visitor.OpenAsync($"{Base}/");
        Assert.Equal(HttpStatusCode.OK, home.Status);
        Assert.Contains("SciPapermill", home.Text, StringComparison.Ordinal);

        var digest = await visitor.OpenAsync($"{Base}/posts/deep-learning-2026-07-04");
        Assert.Contains("Split-n-Chain", digest.Text, StringComparison.Ordinal);
        Assert.True(digest.Has("dialog[data-nudge]"), "the public digest shows the soft nudge");
        Assert.False(digest.Has(".gate"), "the public digest is open");

        var archived = await visitor.OpenAsync($"{Base}/posts/speech-2026-06-13");
        Assert.True(archived.Has(".gate"), "an archived post meets a gate");
    }

    private async Task SubscribeAsync(Browser visitor)
    {
        var form = await visitor.OpenAsync($"{Base}/subscribe");
        await visitor.SubmitAsync(form, "main form", ("email", Weekly));
        var mail = await house.MailAsync(Weekly, m => m.Text.Contains("/confirm?", StringComparison.Ordinal), "the confirmation");

        var confirm = await visitor.OpenAsync(mail.Link("/confirm?"));
        Assert.True(confirm.Has("form[method=post] button"), "GET shows a button and confirms nothing");
        var welcome = await visitor.SubmitAsync(confirm, "main form[method=post]");
        Assert.Equal(HttpStatusCode.OK, welcome.Status);

        var account = await visitor.OpenAsync($"{Base}/account");
        var saved = await visitor.SubmitAsync(account, "input[name=cadence]", ("cadence", "weekly"), ("topics", "robotics"), ("topics", "speech"));
        Assert.Equal(HttpStatusCode.OK, saved.Status);
    }

    private async Task SubscribeThroughTheApiAsync()
    {
        using var defined = await house.Staff().PutAsJsonAsync($"{Api}/segments/story-{_run}", new { name = "Every post", newsletter = "posts" });
        defined.EnsureSuccessStatusCode();
        var before = await EveryPostReadersAsync();
        using var answer = await house.Visitor().PostAsJsonAsync($"{house.Address}{Api[1..]}/subscriptions", new { email = EveryPost, cadence = "every_post" });
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var mail = await house.MailAsync(EveryPost, m => m.Text.Contains("/confirm?", StringComparison.Ordinal), "the confirmation");
        var browser = new Browser(house.Visitor());
        await browser.SubmitAsync(await browser.OpenAsync(mail.Link("/confirm?")), "main form[method=post]");

        using var csv = new StringContent($"email,cadence\n{Bouncing},every_post\n", System.Text.Encoding.UTF8, "text/csv");
        using var imported = await house.Staff().PostAsync(new Uri($"{Api}/subscribers/import?confirmed=true", UriKind.Relative), csv);
        Assert.True(imported.IsSuccessStatusCode, await imported.Content.ReadAsStringAsync());
        // A post is mailed to readers of whom the mailer has heard.
        await Eventually.TrueAsync(async () => await EveryPostReadersAsync() >= before + 2, "the mailer knows both");
    }

    private async Task<int> EveryPostReadersAsync() =>
        (await house.Staff().GetFromJsonAsync<JsonElement>($"{Api}/segments/story-{_run}")).GetProperty("readers").GetInt32();

    private async Task<HttpClient> EditorAsync()
    {
        using var made = await house.Staff().PostAsJsonAsync($"{Api}/keys", new { name = "story", role = "editor" });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        return house.Staff((await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!);
    }

    private async Task<(string ForSubscribers, string ForMembers)> PublishTwoPostsAsync(HttpClient editor)
    {
        var (open, paid) = ($"for-subscribers-{_run}", $"for-members-{_run}");
        await PublishAsync(editor, open, "subscribers", "robotics", mail: true);
        await PublishAsync(editor, paid, "paid", "speech", mail: false);
        var letter = await house.MailAsync(EveryPost, m => m.Subject.Contains(open, StringComparison.Ordinal), "the first post");
        Assert.Contains("The rest of it.", letter.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(await house.MailToAsync(Weekly), m => m.Subject.Contains(open, StringComparison.Ordinal));
        return (open, paid);
    }

    private static async Task PublishAsync(HttpClient editor, string slug, string access, string topic, bool mail)
    {
        using var made = await editor.PostAsJsonAsync($"{Api}/posts", new
        {
            title = $"Post {slug}",
            slug,
            kind = "article",
            access,
            topics = new[] { topic },
            summary = "What it is about.",
            authors = new[] { "An Editor" },
            body = "The free beginning.\n\n<!--more-->\n\nThe rest of it.",
        });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        using var published = await editor.PostAsJsonAsync($"{Api}/posts/{slug}/publish", new { mail });
        Assert.True(published.IsSuccessStatusCode, await published.Content.ReadAsStringAsync());
    }

    private async Task ReadAsSubscriberAsync(Browser visitor, string forSubscribers, string forMembers)
    {
        var open = await visitor.OpenAsync($"{Base}/posts/{forSubscribers}");
        Assert.Contains("The rest of it.", open.Text, StringComparison.Ordinal);

        var gated = await visitor.OpenAsync($"{Base}/posts/{forMembers}");
        Assert.Contains("The free beginning.", gated.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("The rest of it.", gated.Html, StringComparison.Ordinal);
        Assert.True(gated.Has(".gate"), "the paid post shows the upgrade gate");

        var api = await house.Visitor().GetFromJsonAsync<JsonElement>($"{house.Address}{Api[1..]}/posts/{forMembers}");
        Assert.NotEqual("open", api.GetProperty("gate").GetProperty("decision").GetString());
        Assert.DoesNotContain("The rest of it.", api.ToString(), StringComparison.Ordinal);
    }

    private async Task SignInAgainAsync(Browser visitor)
    {
        var page = await visitor.OpenAsync($"{Base}/");
        await visitor.SubmitAsync(page, "form[action$='/sign-out']");
        Assert.False((await visitor.OpenAsync($"{Base}/")).Has("form[action$='/sign-out']"), "signed out");

        await visitor.SubmitAsync(await visitor.OpenAsync($"{Base}/sign-in"), "main form", ("email", Weekly));
        var mail = await house.MailAsync(Weekly, m => m.Text.Contains("/sign-in?", StringComparison.Ordinal), "the sign-in link");
        Assert.Matches(@"\b\d{6}\b", mail.Text);
        var confirm = await visitor.OpenAsync(mail.Link("/sign-in?"));
        await visitor.SubmitAsync(confirm, "main form[method=post]");
        Assert.True((await visitor.OpenAsync($"{Base}/")).Has("form[action$='/sign-out']"), "signed in");
    }

    private async Task PayAsync(Browser visitor, string forMembers)
    {
        var plans = await visitor.OpenAsync($"{Base}/plans");
        var checkout = await visitor.SubmitAsync(plans, "form[action$='/checkout'] button");
        Assert.Contains("/sandbox/checkout/", checkout.Address.AbsolutePath, StringComparison.Ordinal);
        var back = await visitor.SubmitAsync(checkout, "form[action*='/sandbox/checkout/'] button");
        Assert.StartsWith(Base, back.Address.ToString(), StringComparison.Ordinal);

        await Eventually.TrueAsync(async () =>
            (await visitor.OpenAsync($"{Base}/posts/{forMembers}")).Html.Contains("The rest of it.", StringComparison.Ordinal), "the paid post opens");
        var archived = await visitor.OpenAsync($"{Base}/posts/speech-2026-06-13");
        Assert.False(archived.Has(".gate"), "the archive opens");
        await house.MailAsync(Weekly, m => m.Subject.Contains("eceipt", StringComparison.Ordinal), "the receipt");
    }

    private async Task CancelAsync(Browser visitor, string forMembers)
    {
        var account = await Eventually.GetAsync(
            async () => await visitor.OpenAsync($"{Base}/account") is var page && page.Text.Contains("Manage billing", StringComparison.Ordinal) ? page : null, "the plan on the account page");
        var membership = await visitor.FollowAsync(account, "main a[href$='/billing']");
        var portal = await visitor.SubmitAsync(membership, "form[action$='/billing'] button");
        Assert.Contains("/sandbox/portal/", portal.Address.AbsolutePath, StringComparison.Ordinal);
        var cancelled = await visitor.SubmitAsync(portal, "form[action*='cancel'] button");
        Assert.Equal(HttpStatusCode.OK, cancelled.Status);
        Assert.Contains("The rest of it.", (await visitor.OpenAsync($"{Base}/posts/{forMembers}")).Html, StringComparison.Ordinal);

        // The paid time runs out, as with a test clock.
        var stripe = house.Staff("sk_test_sandbox");
        var customers = await stripe.GetFromJsonAsync<JsonElement>($"/sandbox/stripe/v1/customers?email={Uri.EscapeDataString(Weekly)}");
        var customer = customers.GetProperty("data")[0].GetProperty("id").GetString();
        var subscriptions = await stripe.GetFromJsonAsync<JsonElement>($"/sandbox/stripe/v1/subscriptions?customer={customer}");
        var id = subscriptions.GetProperty("data")[0].GetProperty("id").GetString();
        using var advanced = await house.Staff().PostAsync(new Uri($"/sandbox/api/stripe/subscriptions/{id}/advance", UriKind.Relative), null);
        Assert.True(advanced.IsSuccessStatusCode, await advanced.Content.ReadAsStringAsync());
        await Eventually.TrueAsync(async () =>
            (await visitor.OpenAsync($"{Base}/posts/{forMembers}")).Has(".gate"), "access ends when the paid time does");
    }

    private async Task RoundupAsync(HttpClient editor)
    {
        using var started = await editor.PostAsJsonAsync($"{Api}/roundups", new { });
        Assert.True(started.IsSuccessStatusCode, await started.Content.ReadAsStringAsync());
        var letter = await house.MailAsync(Weekly, m => m.Headers.Keys.Any(k => k.Equals("List-Unsubscribe", StringComparison.OrdinalIgnoreCase))
            && m.Text.Contains("for-subscribers", StringComparison.Ordinal), "the roundup");
        Assert.Equal("List-Unsubscribe=One-Click", letter.Headers.First(h => h.Key.Equals("List-Unsubscribe-Post", StringComparison.OrdinalIgnoreCase)).Value);
        Assert.DoesNotContain("The rest of it.", letter.Text.Split("for-members")[^1], StringComparison.Ordinal);
        Assert.NotEmpty(letter.Html);

        var before = (await house.MailToAsync(Weekly)).Count;
        using var again = await editor.PostAsJsonAsync($"{Api}/roundups", new { });
        Assert.True(again.IsSuccessStatusCode);
        await EveryEditionDoneAsync(editor);
        Assert.Equal(before, (await house.MailToAsync(Weekly)).Count);

        var link = letter.Headers.First(h => h.Key.Equals("List-Unsubscribe", StringComparison.OrdinalIgnoreCase)).Value.Split('<', '>').First(p => p.StartsWith("http", StringComparison.Ordinal));
        using var oneClick = await house.Visitor().PostAsync(new Uri(link), new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]));
        Assert.Equal(HttpStatusCode.OK, oneClick.StatusCode);
    }

    private static Task EveryEditionDoneAsync(HttpClient editor) => Eventually.TrueAsync(async () =>
    {
        var editions = await editor.GetFromJsonAsync<JsonElement>($"{Api}/editions");
        return editions.GetProperty("items").EnumerateArray().All(e => e.GetProperty("state").GetString() is "sent" or "cancelled");
    }, "every edition is done", TimeSpan.FromSeconds(60));

    private async Task ReadTheFiguresAsync(HttpClient editor, string post)
    {
        foreach (var kind in (string[])["open", "click"])
        {
            using var engaged = await house.Staff().PostAsJsonAsync("/sandbox/api/sendgrid/engage", new { to = EveryPost, kind });
            Assert.True(engaged.IsSuccessStatusCode, await engaged.Content.ReadAsStringAsync());
        }
        await Eventually.TrueAsync(async () =>
        {
            var editions = await editor.GetFromJsonAsync<JsonElement>($"{Api}/editions");
            var edition = editions.GetProperty("items").EnumerateArray().First(e => e.GetProperty("subject").GetString()!.Contains(post, StringComparison.Ordinal));
            var details = await editor.GetFromJsonAsync<JsonElement>($"{Api}/editions/{edition.GetProperty("id").GetString()}");
            var states = details.GetProperty("states");
            // The ledger's sum holds at every moment.
            Assert.Equal(details.GetProperty("edition").GetProperty("recipients").GetInt64(), states.EnumerateObject().Sum(s => s.Value.GetInt64()));
            var facts = details.GetProperty("facts");
            return Count(states, "delivered") > 0 && Count(states, "bounced") > 0 && Count(facts, "opened") > 0 && Count(facts, "clicked") > 0;
        }, "deliveries, the bounce, the open and the click are counted");

        var bounced = await house.Staff().GetFromJsonAsync<JsonElement>($"{Api}/deliverability?address={Uri.EscapeDataString(Bouncing)}");
        Assert.Contains("bounced", bounced.ToString(), StringComparison.Ordinal);
    }

    /// <summary>All that has happened is in the metrics: every name of their table is exported, and every name that is exported is in the table.</summary>
    private async Task ReadTheMetricsAsync()
    {
        HashSet<string> exported = [];
        IReadOnlyList<string> missing = [];
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                exported = await Metrics.ExportedAsync(house.Processes);
                missing = [.. Metrics.Documented.Except(exported).Except(NotExportedHere)];
                return missing.Count == 0;
            }, "every metric of the table", TimeSpan.FromSeconds(75));
        }
        catch (TimeoutException)
        {
            Assert.Empty(missing);
        }
        Assert.Empty(exported.Where(name => name.StartsWith("newsletter_", StringComparison.Ordinal)).Except(Metrics.Documented));
    }

    /// <summary>An address without https has no certificate.</summary>
    protected virtual IReadOnlyList<string> NotExportedHere => ["newsletter_certificate_remaining_seconds"];

    private static long Count(JsonElement of, string name) => of.TryGetProperty(name, out var n) ? n.GetInt64() : 0;
}

[Collection(nameof(StandaloneCollection))]
public sealed class StoryInStandalone(StandaloneHouse house) : Story(house)
{
    /// <summary>Without a broker the outbox is the queue: told of while rows wait.</summary>
    protected override IReadOnlyList<string> NotExportedHere => [.. base.NotExportedHere, "newsletter_queue_messages", "newsletter_queue_age_seconds"];
}

[Collection(nameof(DistributedCollection))]
public sealed class StoryInDistributedForm(DistributedHouse house) : Story(house);
