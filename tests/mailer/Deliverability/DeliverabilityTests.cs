using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Deliverability;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tests.Webhooks;
using DeliverabilityStatus = Newsletter.Contracts.Deliverability;

namespace Newsletter.Mailer.Tests.Deliverability;

public sealed class DeliverabilityTests(WebhookFixture fixture) : IClassFixture<WebhookFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Staff_see_why_mail_does_not_arrive_and_give_the_address_its_way_back()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var path = await PathAsync(mailed, MailedEdition.AddressOf(mailed.Readers[0]));
        using var owner = fixture.Mailer.As(Role.Owner, mailed.Publication);
        Assert.Equal("ok", (await owner.GetFromJsonAsync<JsonElement>(path, Cancellation)).GetProperty("status").GetString());

        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "bounce", SignedEvents.Hard));
        var bounced = await owner.GetFromJsonAsync<JsonElement>(path, Cancellation);
        Assert.Equal(("bounced", "5.1.1"), (bounced.GetProperty("status").GetString(), bounced.GetProperty("reason").GetString()));
        var first = await fixture.Mailer.SentAsync<DeliverabilityChanged>(e => e.PublicationId == mailed.Publication);

        using var cleared = await owner.DeleteAsync(path, Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, cleared.StatusCode);
        Assert.Equal("ok", (await owner.GetFromJsonAsync<JsonElement>(path, Cancellation)).GetProperty("status").GetString());
        var second = await fixture.Mailer.SentAsync<DeliverabilityChanged>(e => e.PublicationId == mailed.Publication && e.Addresses[0].Status == DeliverabilityStatus.Ok);
        Assert.True(second.Addresses[0].Version > first.Addresses[0].Version);
    }

    [Fact]
    public async Task The_list_names_subscribers_and_no_addresses()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 3);
        await fixture.TellAsync([.. mailed.Readers.Select(r => SignedEvents.Event(mailed, r, "spamreport"))]);
        using var editor = fixture.Mailer.As(Role.Editor, mailed.Publication);
        var path = (await PathAsync(mailed, null)) + "?limit=2";
        var page = await editor.GetFromJsonAsync<JsonElement>(path, Cancellation);
        var rest = await editor.GetFromJsonAsync<JsonElement>($"{path}&cursor={page.GetProperty("next").GetString()}", Cancellation);

        var ids = page.GetProperty("items").EnumerateArray().Concat(rest.GetProperty("items").EnumerateArray()).Select(i => i.GetProperty("subscriberId").GetGuid()).ToList();
        Assert.Equal(mailed.Readers.Order(), ids.Order());
        Assert.Equal(JsonValueKind.Null, rest.GetProperty("next").ValueKind);
        Assert.DoesNotContain("@", page.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_publications_staff_and_readers_are_refused()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var other = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var path = await PathAsync(mailed, MailedEdition.AddressOf(mailed.Readers[0]));
        using var anonymous = await fixture.Mailer.Anonymous().GetAsync(path, Cancellation);
        using var foreign = await fixture.Mailer.As(Role.Owner, other.Publication).GetAsync(path, Cancellation);
        using var reader = await fixture.Mailer.As(Role.Reader, mailed.Publication).GetAsync(path, Cancellation);
        using var editor = await fixture.Mailer.As(Role.Editor, mailed.Publication).DeleteAsync(path, Cancellation);
        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden),
            (anonymous.StatusCode, foreign.StatusCode, reader.StatusCode, editor.StatusCode));
    }

    [Fact]
    public async Task A_block_is_lifted_after_three_days_and_a_bounce_is_not()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 2);
        await fixture.TellAsync(
            SignedEvents.Event(mailed, mailed.Readers[0], "blocked"), SignedEvents.Event(mailed, mailed.Readers[1], "bounce", SignedEvents.Hard));
        await LiftAsync();
        Assert.Equal(DeliverabilityStatus.Blocked, (await StatusesAsync(mailed))[mailed.Readers[0]]);

        await fixture.Mailer.WithDbAsync<MailerDb, int>(db => db.AddressStatuses.Where(a => a.PublicationId == mailed.Publication)
            .ExecuteUpdateAsync(s => s.SetProperty(a => a.Since, DateTimeOffset.UtcNow.AddDays(-4))));
        await LiftAsync();
        var statuses = await StatusesAsync(mailed);
        Assert.Equal((DeliverabilityStatus.Ok, DeliverabilityStatus.Bounced), (statuses[mailed.Readers[0]], statuses[mailed.Readers[1]]));
    }

    private async Task LiftAsync()
    {
        await using var scope = fixture.Mailer.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<AddressBook>().LiftBlocksAsync(Cancellation);
    }

    private Task<Dictionary<Guid, DeliverabilityStatus>> StatusesAsync(MailedEdition mailed) =>
        fixture.Mailer.WithDbAsync<MailerDb, Dictionary<Guid, DeliverabilityStatus>>(db =>
            db.AddressStatuses.AsNoTracking().Where(a => a.PublicationId == mailed.Publication).ToDictionaryAsync(a => a.SubscriberId!.Value, a => a.Status));

    private async Task<string> PathAsync(MailedEdition mailed, string? address)
    {
        var slug = await fixture.Mailer.WithDbAsync<MailerDb, string>(db => db.Set<PublicationCopy>().Where(p => p.Id == mailed.Publication).Select(p => p.Slug).SingleAsync());
        return $"/api/v1/publications/{slug}/deliverability" + (address is null ? "" : $"?address={Uri.EscapeDataString(address)}");
    }
}
