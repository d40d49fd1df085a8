using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Newsletter.Tests.Harness;

namespace Newsletter.Defaults.Tests.Http;

/// <summary>Whatever goes wrong is told in problem details to programs, in a page to browsers, and never in an exception's words.</summary>
public sealed class ProblemTests(ShelfApi shelf) : IClassFixture<ShelfApi>
{
    private const string Api = "/api/v1/publications/papers";

    [Theory]
    [InlineData("{\"text\": ", HttpStatusCode.BadRequest)]
    [InlineData("{\"text\": 7}", HttpStatusCode.BadRequest)]
    [InlineData("[]", HttpStatusCode.BadRequest)]
    [InlineData("null", HttpStatusCode.BadRequest)]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("{}", HttpStatusCode.BadRequest)]
    public async Task A_body_that_is_not_what_is_asked_for(string body, HttpStatusCode status)
    {
        using var answer = await PostAsync(new StringContent(body, Encoding.UTF8, "application/json"));

        await IsProblemAsync(answer, status);
    }

    [Fact]
    public async Task JSON_that_is_nested_too_deep()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 200)) + string.Concat(Enumerable.Repeat("]", 200));
        using var answer = await PostAsync(new StringContent($"{{\"text\": \"a\", \"more\": {deep}}}", Encoding.UTF8, "application/json"));

        await IsProblemAsync(answer, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_content_type_that_is_not_JSON()
    {
        using var answer = await PostAsync(new StringContent("text=a", Encoding.UTF8, "application/x-www-form-urlencoded"));

        await IsProblemAsync(answer, HttpStatusCode.UnsupportedMediaType);
    }

    [Fact]
    public async Task A_body_that_is_too_large()
    {
        using var answer = await PostAsync(JsonContent.Create(new { text = new string('a', 2 << 20) }));

        await IsProblemAsync(answer, HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task A_field_that_is_too_long_is_named()
    {
        using var answer = await PostAsync(JsonContent.Create(new { text = new string('a', 200_000) }));

        var problem = await IsProblemAsync(answer, HttpStatusCode.BadRequest);
        Assert.NotNull(problem["errors"]!["text"] ?? problem["errors"]!["Text"]);
    }

    [Theory]
    [InlineData("/api/v1/publications/papers/nothing", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/publications/unknown/notes", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/publications/papers/limited?limit=many", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/publications/papers/limited", HttpStatusCode.BadRequest)]
    [InlineData("/unruled", HttpStatusCode.InternalServerError)]
    public async Task A_call_that_goes_nowhere(string path, HttpStatusCode status)
    {
        using var answer = await shelf.Service.Anonymous().GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        await IsProblemAsync(answer, status);
    }

    [Fact]
    public async Task A_method_that_is_not_offered()
    {
        using var answer = await shelf.Service.Anonymous().PatchAsync(new Uri($"{Api}/notes", UriKind.Relative), null, TestContext.Current.CancellationToken);

        await IsProblemAsync(answer, HttpStatusCode.MethodNotAllowed);
    }

    [Theory]
    [InlineData("/papers/failing", HttpStatusCode.InternalServerError)]
    [InlineData("/papers/gone", HttpStatusCode.Gone)]
    public async Task A_browser_gets_a_page_in_the_publication_s_dress(string path, HttpStatusCode status)
    {
        using var answer = await BrowseAsync(path);

        Assert.Equal(status, answer.StatusCode);
        var page = await IsPageAsync(answer);
        Assert.Contains("The papers", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/unknown/failing", HttpStatusCode.NotFound)]
    [InlineData("/papers/no/such/page", HttpStatusCode.NotFound)]
    [InlineData("/internal/none", HttpStatusCode.NotFound)]
    public async Task A_browser_that_is_lost_gets_a_page_or_for_program_s_paths_a_problem(string path, HttpStatusCode status)
    {
        using var answer = await BrowseAsync(path);

        Assert.Equal(status, answer.StatusCode);
        if (path.StartsWith("/internal", StringComparison.Ordinal)) await IsProblemAsync(answer, status);
        else await IsPageAsync(answer);
    }

    [Fact]
    public async Task While_the_database_is_away_we_say_so_and_afterwards_go_on()
    {
        var client = shelf.Service.Anonymous();
        await shelf.Service.Database.SetAwayAsync(true);
        try
        {
            using var answer = await client.GetAsync(new Uri($"{Api}/notes", UriKind.Relative), TestContext.Current.CancellationToken);
            await IsProblemAsync(answer, HttpStatusCode.ServiceUnavailable);
            Assert.NotNull(answer.Headers.RetryAfter);
            using var page = await BrowseAsync("/papers/gone");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, page.StatusCode);
            await IsPageAsync(page);
            await StatusAsync("/health/ready", HttpStatusCode.ServiceUnavailable);
            await StatusAsync("/health/live", HttpStatusCode.OK);
        }
        finally
        {
            await shelf.Service.Database.SetAwayAsync(false);
        }

        await StatusAsync("/health/ready", HttpStatusCode.OK);
        await StatusAsync($"{Api}/notes", HttpStatusCode.OK);

        Task StatusAsync(string path, HttpStatusCode status) => Eventually.TrueAsync(async () =>
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            return answer.StatusCode == status;
        }, $"{status} at {path}");
    }

    internal static async Task<JsonObject> IsProblemAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(status == answer.StatusCode, $"{answer.StatusCode}: {body}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        SaysNothingInternal(body);
        var problem = JsonNode.Parse(body)!.AsObject();
        Assert.Equal((int)status, (int?)problem["status"]);
        return problem;
    }

    private static async Task<string> IsPageAsync(HttpResponseMessage answer)
    {
        var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.Contains($"{(int)answer.StatusCode}", page, StringComparison.Ordinal);
        SaysNothingInternal(page);
        return page;
    }

    private static void SaysNothingInternal(string body)
    {
        foreach (var internals in (string[])["secret text", "Exception", "Npgsql", "   at ", "NewNote"])
            Assert.DoesNotContain(internals, body, StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> PostAsync(HttpContent content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Api}/notes") { Content = content };
        // The answer to what is too large comes before the body is read.
        request.Headers.ExpectContinue = true;
        return await shelf.Service.Anonymous().SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task<HttpResponseMessage> BrowseAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*", 0.8));
        return await shelf.Service.Anonymous().SendAsync(request, TestContext.Current.CancellationToken);
    }
}
