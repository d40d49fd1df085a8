using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests.Neighbours;

/// <summary>Bug class: what lets somebody in at one publication (cookie, key, token, payment) opens another's door too.</summary>
[Collection(nameof(DistributedCollection))]
public sealed class CredentialTests(DistributedHouse house)
{
    private readonly string _run = Guid.NewGuid().ToString("N")[..12];

    public static TheoryData<string, string> StaffRoutes => new()
    {
        { "GET", "/subscribers" }, { "GET", "/subscribers/export" }, { "POST", "/subscribers" }, { "POST", "/subscribers/import?confirmed=true" },
        { "GET", "/members" }, { "GET", "/audit" }, { "GET", "/statistics/readers" }, { "GET", "/subscribers/tags" }, { "POST", "/members" }, { "GET", "/keys" }, { "POST", "/keys" },
        { "GET", "/posts?state=draft" }, { "POST", "/posts" }, { "PUT", "/posts/speech-2026-06-13" }, { "DELETE", "/posts/speech-2026-06-13" },
        { "GET", "/posts/speech-2026-06-13/source" }, { "GET", "/posts/speech-2026-06-13/preview?level=paid" }, { "POST", "/posts/speech-2026-06-13/unpublish" },
        { "PATCH", "" }, { "POST", "/newsletters" }, { "PATCH", "/newsletters/weekly" },
        { "GET", "/editions" }, { "POST", "/roundups" }, { "GET", "/segments" }, { "GET", "/senders" }, { "PUT", "/senders" }, { "GET", "/deliverability?address=a@example.com" },
        { "POST", "/tiers" }, { "PUT", "/tiers/reader" }, { "GET", "/grants" }, { "POST", "/grants" }, { "GET", "/payments" }, { "GET", "/payment-account" },
    };

    [Fact]
    public async Task The_session_cookie_is_its_host_s_only_and_signs_nobody_in_next_door()
    {
        var mail = await house.First.SubscribeAsync($"cookie-{_run}@example.com");
        var reader = house.Visitor();
        var cookie = await ConfirmAsync(reader, mail);
        Assert.DoesNotContain("domain", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);

        Assert.True(await IsSignedInAsync(reader, house.First));
        Assert.False(await IsSignedInAsync(reader, house.Second), "the browser keeps the cookie to its host");

        var byHand = house.Visitor();
        byHand.DefaultRequestHeaders.Add("Cookie", cookie.Split(';')[0]);
        Assert.True(await IsSignedInAsync(byHand, house.First));
        Assert.False(await IsSignedInAsync(byHand, house.Second), "a cookie sent by hand is nobody's there");
        using var account = await byHand.GetAsync(new Uri($"{house.Second.Base}/account"));
        Assert.Equal($"{house.Second.Base}/sign-in", account.Headers.Location?.ToString());
        using var feed = new HttpRequestMessage(HttpMethod.Post, $"{house.Second.Base}{house.Second.Api}/feeds") { Content = JsonContent.Create(new { }) };
        feed.Headers.Add("Origin", house.Second.Base);
        feed.Headers.Accept.ParseAdd("application/json");
        using var refused = await byHand.SendAsync(feed);
        await IsProblemAsync(refused, HttpStatusCode.Unauthorized);
    }

    [Theory, MemberData(nameof(StaffRoutes))]
    public async Task A_key_of_one_is_refused_by_the_other_s_staff_routes(string method, string path)
    {
        using var answer = await SendAsync(house.Second.Owner, method, house.First.Api + path);
        await IsProblemAsync(answer, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_key_is_good_for_what_it_is_refused_next_door()
    {
        foreach (var path in StaffRoutes.Select(r => r.Data).Where(r => r.Item1 == "GET").Select(r => r.Item2))
        {
            using var answer = await SendAsync(house.First.Owner, "GET", house.First.Api + path);
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode}");
        }
    }

    [Theory, MemberData(nameof(StaffRoutes))]
    public async Task A_staff_token_of_one_is_refused_by_the_other_s_staff_routes(string method, string path)
    {
        var token = await TokenAsync(house.Second.Owner.DefaultRequestHeaders.Authorization!.Parameter!, house.Second.Id);
        using var answer = await SendAsync(house.Staff(token), method, house.First.Api + path);
        await IsProblemAsync(answer, HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_reader_s_token_of_one_is_refused_by_the_other_s_reader_routes()
    {
        var mail = await house.Second.SubscribeAsync($"token-{_run}@example.com");
        var cookie = await ConfirmAsync(house.Visitor(), mail);
        var token = await TokenAsync(cookie.Split(';')[0].Split('=', 2)[1], house.Second.Id);
        var bearer = house.Staff(token);

        foreach (var (method, path) in ((string, string)[])[("POST", "/feeds"), ("POST", "/checkout"), ("GET", "/posts"), ("GET", "/posts/speech-2026-06-13"), ("POST", "/subscriptions")])
        {
            using var answer = await SendAsync(bearer, method, house.First.Api + path);
            await IsProblemAsync(answer, HttpStatusCode.Forbidden);
        }
        foreach (var page in (string[])["/", "/account", "/account/export", "/billing", "/posts/speech-2026-06-13", "/plans"])
        {
            using var answer = await bearer.GetAsync(new Uri(house.First.Base + page));
            await IsProblemAsync(answer, HttpStatusCode.Forbidden);
        }
        using var own = await SendAsync(bearer, "POST", $"{house.Second.Api}/feeds");
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Fact]
    public async Task Paying_in_one_opens_nothing_in_the_other()
    {
        var slug = $"paid-{_run}";
        using var sold = await house.Second.Owner.PostAsJsonAsync($"{house.Second.Api}/tiers", new { slug = $"t-{_run}", name = "Friend", currency = "eur", prices = new { month = 500 } });
        Assert.Equal(HttpStatusCode.Created, sold.StatusCode);
        foreach (var site in (Site[])[house.First, house.Second]) await site.PublishAsync(slug, access: "paid");
        var address = $"payer-{_run}@example.com";
        var (here, there) = (new Browser(await house.First.ReaderAsync(address)), new Browser(await house.Second.ReaderAsync(address)));

        var plans = await there.OpenAsync($"{house.Second.Base}/plans");
        var checkout = await there.SubmitAsync(plans, "form[action$='/checkout'] button");
        var back = await there.SubmitAsync(checkout, "form[action*='/sandbox/checkout/'] button");
        Assert.StartsWith(house.Second.Base, back.Address.ToString(), StringComparison.Ordinal);
        await Eventually.TrueAsync(async () => !(await there.OpenAsync($"{house.Second.Base}/posts/{slug}")).Has(".gate"), "the paid post opens");

        Assert.True((await here.OpenAsync($"{house.First.Base}/posts/{slug}")).Has(".gate"), "the neighbour's paid post stays shut");
        Assert.True((await here.OpenAsync($"{house.First.Base}/posts/speech-2026-06-13")).Has(".gate"), "the neighbour's archive stays shut");
        Assert.Equal((0, 1), (await GrantsAsync(house.First, address), await GrantsAsync(house.Second, address)));
        var receipt = await house.MailAsync(address, m => m.Subject.Contains("eceipt", StringComparison.Ordinal), "the receipt");
        Assert.Contains("The Second", receipt.From, StringComparison.Ordinal);
    }

    /// <summary>Presses the button of the confirmation; the session cookie as the server set it.</summary>
    private static async Task<string> ConfirmAsync(HttpClient client, Mail mail)
    {
        var link = mail.Link("/confirm?");
        using var request = new HttpRequestMessage(HttpMethod.Post, link.GetLeftPart(UriPartial.Path))
        {
            Content = new FormUrlEncodedContent([new("token", System.Web.HttpUtility.ParseQueryString(link.Query)["token"])]),
        };
        request.Headers.Add("Origin", link.GetLeftPart(UriPartial.Authority));
        using var answer = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return Assert.Single(answer.Headers.GetValues("Set-Cookie"));
    }

    private static async Task<bool> IsSignedInAsync(HttpClient client, Site site) => (await new Browser(client).OpenAsync($"{site.Base}/")).Has("form[action$='/sign-out']");

    /// <summary>What the gateway would put in the credential's place.</summary>
    private async Task<string> TokenAsync(string credential, Guid publication)
    {
        using var client = new HttpClient();
        using var answer = await client.PostAsJsonAsync(new Uri(house.Addresses["subscriber"], "/internal/token"), new { credential, publicationId = publication });
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }

    private static async Task<int> GrantsAsync(Site site, string address)
    {
        var found = await site.Owner.GetFromJsonAsync<JsonElement>($"{site.Api}/subscribers?q={Uri.EscapeDataString(address)}");
        var reader = found.GetProperty("items")[0].GetProperty("id").GetString();
        var grants = await site.Owner.GetFromJsonAsync<JsonElement>($"{site.Api}/grants?subscriberId={reader}");
        return grants.GetProperty("items").GetArrayLength();
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string method, string path)
    {
        using var request = new HttpRequestMessage(new(method), new Uri(path, UriKind.Relative)) { Content = method == "GET" ? null : JsonContent.Create(new { }) };
        return await client.SendAsync(request);
    }

    private static async Task IsProblemAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri}: {(int)answer.StatusCode} {body}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal((int)status, JsonElement.Parse(body).GetProperty("status").GetInt32());
    }
}
