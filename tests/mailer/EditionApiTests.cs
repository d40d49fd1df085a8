using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Tests;

public sealed class EditionApiTests(SendingFixture fixture) : IClassFixture<SendingFixture>
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;
    private readonly MailerUnderTest _mailer = fixture.Mailer;

    [Fact]
    public async Task Staff_see_an_edition_its_states_and_its_deliveries_page_by_page()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync(5);
        var edition = await publication.PublishAsync(publication.Post("Seen"));
        await _mailer.SentAsync(edition.Id);
        var staff = publication.As(Role.Author);

        var list = await staff.GetFromJsonAsync<JsonElement>($"{publication.Api}/editions?limit=100", Cancellation);
        Assert.Contains(list.GetProperty("items").EnumerateArray(), e => e.GetProperty("id").GetGuid() == edition.Id && e.GetProperty("state").GetString() == "sent");
        var details = await publication.DetailsAsync(edition.Id);
        Assert.Equal(5, details.GetProperty("states").GetProperty("accepted").GetInt32());
        Assert.Equal(5, details.GetProperty("states").EnumerateObject().Sum(s => s.Value.GetInt32()));
        Assert.Equal(5, details.GetProperty("edition").GetProperty("recipients").GetInt32());

        List<Guid> seen = [];
        string? cursor = null;
        do
        {
            var page = await staff.GetFromJsonAsync<JsonElement>($"{publication.Api}/editions/{edition.Id}/deliveries?state=accepted&limit=2&cursor={cursor}", Cancellation);
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(d => d.GetProperty("subscriberId").GetGuid()));
            cursor = page.GetProperty("next").GetString();
        }
        while (cursor is not null);
        Assert.Equal(5, seen.Distinct().Count());
        Assert.Equal(5, seen.Count);

        Assert.Equal(HttpStatusCode.BadRequest, (await staff.GetAsync($"{publication.Api}/editions/{edition.Id}/deliveries?state=eaten", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await staff.GetAsync($"{publication.Api}/editions?cursor=nonsense", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await staff.GetAsync($"{publication.Api}/editions?limit=1000", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task Who_may_see_readers_sees_their_addresses_in_the_ledger_and_authors_do_not()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync("ledger");
        var edition = await publication.PublishAsync(publication.Post("Addressed"));
        await _mailer.SentAsync(edition.Id);

        var asEditor = await DeliveryAsync(Role.Editor);
        var asAuthor = await DeliveryAsync(Role.Author);

        Assert.StartsWith("ledger", asEditor.GetProperty("email").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, asAuthor.GetProperty("email").ValueKind);

        async Task<JsonElement> DeliveryAsync(Role role)
        {
            var page = await publication.As(role).GetFromJsonAsync<JsonElement>($"{publication.Api}/editions/{edition.Id}/deliveries", Cancellation);
            return Assert.Single(page.GetProperty("items").EnumerateArray().ToList());
        }
    }

    [Fact]
    public async Task A_test_letter_goes_to_one_address_and_on_no_ledger()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.TellAsync(publication.Post("Try me", Access.Paid, asLetter: false));

        var answer = await publication.As(Role.Editor).PostAsJsonAsync($"{publication.Api}/editions/test", new { post = "try-me", to = "proof@example.com" }, Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var mail = Assert.Single(_mailer.Provider.To("proof"));
        Assert.Equal("[Test] Try me", mail.Subject);
        Assert.Contains("paid part", mail.Html, StringComparison.Ordinal);
        Assert.False(mail.Args.ContainsKey("edition"));
        var bad = await publication.As(Role.Editor).PostAsJsonAsync($"{publication.Api}/editions/test", new { post = "try-me", to = "a@b\r\nBcc: c@d" }, Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
    }

    [Fact]
    public async Task Segments_count_their_readers()
    {
        var publication = await _mailer.PublicationAsync();
        var member = await publication.JoinAsync("seg1", null, "vision");
        await publication.JoinAsync("seg2", null, "vision");
        await publication.JoinAsync("seg3", publication.Roundup, "vision");
        await publication.GrantAsync(member);
        var staff = publication.As(Role.Editor);

        (await staff.PutAsJsonAsync($"{publication.Api}/segments/seers", new { name = "Seers", newsletter = "posts", topic = "Vision" }, Cancellation)).EnsureSuccessStatusCode();
        (await staff.PutAsJsonAsync($"{publication.Api}/segments/members", new { name = "Members", tier = "member" }, Cancellation)).EnsureSuccessStatusCode();

        Assert.Equal(2, (await staff.GetFromJsonAsync<JsonElement>($"{publication.Api}/segments/seers", Cancellation)).GetProperty("readers").GetInt32());
        Assert.Equal(1, (await staff.GetFromJsonAsync<JsonElement>($"{publication.Api}/segments/members", Cancellation)).GetProperty("readers").GetInt32());
        Assert.Equal(HttpStatusCode.BadRequest, (await staff.PutAsJsonAsync($"{publication.Api}/segments/x", new { name = "X", newsletter = "none" }, Cancellation)).StatusCode);
    }

    [Fact]
    public async Task An_unverified_sender_is_kept_and_not_yet_used()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync("sender");
        var owner = publication.As(Role.Owner);
        (await owner.PutAsJsonAsync($"{publication.Api}/senders", new { name = "Own", address = "own@elsewhere.example" }, Cancellation)).EnsureSuccessStatusCode();

        var senders = await owner.GetFromJsonAsync<JsonElement>($"{publication.Api}/senders", Cancellation);

        Assert.Equal(
            [($"{publication.Slug}@mail.example", true), ("own@elsewhere.example", false)],
            senders.GetProperty("items").EnumerateArray().Select(s => (s.GetProperty("address").GetString()!, s.GetProperty("verified").GetBoolean())));
    }

    [Fact]
    public async Task No_route_lets_in_a_stranger_a_reader_or_another_publication()
    {
        var (mine, other) = (await _mailer.PublicationAsync(), await _mailer.PublicationAsync());
        var routes = _mailer.Service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<AccessRule>() is { Kind: AccessKind.Staff } && e.RoutePattern.RawText!.Contains("{p}", StringComparison.Ordinal)).ToList();
        Assert.True(routes.Count >= 15, $"only {routes.Count} routes");

        foreach (var route in routes)
        {
            var permission = route.Metadata.GetMetadata<AccessRule>()!.Permission!;
            Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(_mailer.Service.Anonymous(), route, mine));
            Assert.Equal(HttpStatusCode.Forbidden, await CallAsync(other.As(Role.Owner), route, mine));
            Assert.Equal(HttpStatusCode.Forbidden, await CallAsync(mine.As(Role.Reader), route, mine));
            Assert.Equal(HttpStatusCode.Forbidden, await CallAsync(_mailer.Service.As(Role.Owner, mine.Id, scopes: Permission.SendersWrite == permission ? Permission.PostsRead : Permission.SendersWrite), route, mine));
            foreach (var role in new[] { Role.Author, Role.Editor }.Where(r => !Permission.Of[r].Contains(permission)))
                Assert.Equal(HttpStatusCode.Forbidden, await CallAsync(mine.As(role), route, mine));
        }
    }

    private static async Task<HttpStatusCode> CallAsync(HttpClient client, RouteEndpoint route, TestPublication publication)
    {
        var path = "/" + string.Join('/', route.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart { Name: "p" } => publication.Slug,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart { ParameterPolicies.Count: > 0 } => Guid.CreateVersion7().ToString(),
            _ => "x",
        }))));
        var method = new HttpMethod(route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]);
        using var request = new HttpRequestMessage(method, path);
        if (method != HttpMethod.Get && method != HttpMethod.Delete) request.Content = JsonContent.Create(new { });
        return (await client.SendAsync(request)).StatusCode;
    }
}
