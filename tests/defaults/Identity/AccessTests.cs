using System.Net;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Tests.Http;

namespace Newsletter.Defaults.Tests.Identity;

public sealed class AccessTests(ShelfApi shelf) : IClassFixture<ShelfApi>
{
    private const string Notes = "/api/v1/publications/papers/notes";

    [Theory]
    [InlineData(Role.Reader, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData(Role.Author, HttpStatusCode.Created, HttpStatusCode.Forbidden)]
    [InlineData(Role.Editor, HttpStatusCode.Created, HttpStatusCode.Forbidden)]
    [InlineData(Role.Owner, HttpStatusCode.Created, HttpStatusCode.NoContent)]
    [InlineData(Role.Operator, HttpStatusCode.Created, HttpStatusCode.NoContent)]
    public async Task A_role_may_what_the_table_says(Role role, HttpStatusCode writing, HttpStatusCode managingStaff)
    {
        var client = shelf.Service.As(role, shelf.Papers.Id);

        Assert.Equal(writing, await SendAsync(client, HttpMethod.Put, Notes, json: true));
        Assert.Equal(managingStaff, await SendAsync(client, HttpMethod.Delete, Notes));
    }

    [Fact]
    public async Task Scopes_narrow_a_role_and_never_widen_it()
    {
        var narrow = shelf.Service.As(Role.Owner, shelf.Papers.Id, scopes: Permission.PostsWrite);
        Assert.Equal(HttpStatusCode.Created, await SendAsync(narrow, HttpMethod.Put, Notes, json: true));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(narrow, HttpMethod.Delete, Notes));

        var wide = shelf.Service.As(Role.Author, shelf.Papers.Id, scopes: [Permission.StaffWrite, Permission.PostsWrite]);
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(wide, HttpMethod.Delete, Notes));
    }

    [Fact]
    public void Each_role_may_all_that_the_one_below_may_and_readers_nothing()
    {
        Assert.Empty(Permission.Of[Role.Reader]);
        Role[] rising = [Role.Author, Role.Editor, Role.Owner, Role.Operator];
        foreach (var (lower, higher) in rising.Zip(rising.Skip(1))) Assert.ProperSuperset(Permission.Of[lower].ToHashSet(), Permission.Of[higher].ToHashSet());
        Assert.DoesNotContain(Permission.Operate, Permission.Of[Role.Owner]);
        Assert.DoesNotContain(Permission.SubscribersExport, Permission.Of[Role.Editor]);
    }

    [Fact]
    public async Task An_endpoint_without_a_rule_lets_nobody_in()
    {
        Assert.Equal(HttpStatusCode.InternalServerError, await SendAsync(shelf.Service.As(Role.Operator, shelf.Papers.Id), HttpMethod.Get, "/unruled"));
    }

    [Fact]
    public async Task Readers_pages_send_a_browser_to_the_sign_in_page_of_the_publication()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/papers/account");
        request.Headers.Add("Accept", "text/html");
        using var answer = await shelf.Service.Anonymous().SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal($"{shelf.Papers.BaseUrl}/sign-in", answer.Headers.Location?.ToString());
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(shelf.Service.As(Role.Owner, shelf.Papers.Id), HttpMethod.Get, "/papers/account"));
    }

    [Theory]
    [InlineData("same-origin", null, true)]
    [InlineData("none", null, true)]
    [InlineData("same-site", null, false)]
    [InlineData("cross-site", null, false)]
    [InlineData("cross-site", "http://papers.localhost:8080", false)]
    [InlineData(null, "http://papers.localhost:8080", true)]
    [InlineData(null, "http://PAPERS.localhost:8080", true)]
    [InlineData(null, "http://papers.localhost", false)]
    [InlineData(null, "https://papers.localhost:8080", false)]
    [InlineData(null, "http://poems.localhost:8080", false)]
    [InlineData(null, "http://evil.example", false)]
    [InlineData(null, "null", false)]
    [InlineData(null, null, true)]
    public async Task A_form_is_taken_from_the_publication_s_own_pages_only(string? site, string? origin, bool taken)
    {
        var expected = taken ? HttpStatusCode.OK : HttpStatusCode.Forbidden;
        Assert.Equal(expected, await PostFormAsync("/papers/forms", site, origin));
    }

    [Theory]
    [InlineData("http://localhost:8080", true)]
    [InlineData("http://papers.localhost:8080", false)]
    public async Task A_form_of_the_installation_is_taken_from_its_own_pages_only(string origin, bool taken)
    {
        Assert.Equal(taken ? HttpStatusCode.OK : HttpStatusCode.Forbidden, await PostFormAsync("/forms", null, origin));
    }

    [Fact]
    public async Task Internal_paths_are_open_behind_the_gateway_and_closed_where_the_world_comes_in()
    {
        var internals = (InternalListener)shelf.Service.Services.GetService(typeof(InternalListener))!;
        Assert.Equal(HttpStatusCode.OK, await SendAsync(shelf.Service.Anonymous(), HttpMethod.Get, "/internal/notes"));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(shelf.Service.Anonymous(), HttpMethod.Get, "/health/ready"));

        internals.Port = () => 1;
        try
        {
            Assert.Equal(HttpStatusCode.NotFound, await SendAsync(shelf.Service.Anonymous(), HttpMethod.Get, "/internal/notes"));
            Assert.Equal(HttpStatusCode.OK, await SendAsync(shelf.Service.Anonymous(), HttpMethod.Get, "/health/ready"));
            var forwarded = shelf.Service.Anonymous();
            forwarded.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");
            Assert.Equal(HttpStatusCode.NotFound, await SendAsync(forwarded, HttpMethod.Get, "/health/ready"));
            Assert.Equal(HttpStatusCode.NotFound, await SendAsync(forwarded, HttpMethod.Get, "/metrics"));

            internals.Port = () => shelf.Service.Address.Port;
            Assert.Equal(HttpStatusCode.OK, await SendAsync(shelf.Service.Anonymous(), HttpMethod.Get, "/internal/notes"));
        }
        finally
        {
            internals.Port = null;
        }
    }

    [Fact]
    public async Task A_suspended_publication_is_closed_to_readers_and_strangers_save_for_what_they_leave_by()
    {
        foreach (var client in new[] { shelf.Service.Anonymous(), shelf.Service.As(Role.Reader, shelf.Pamphlets.Id) })
        {
            Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(client, HttpMethod.Get, Of(shelf.Pamphlets, "notes")));
            Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(client, HttpMethod.Post, Of(shelf.Pamphlets, "notes"), json: true));
            Assert.Equal(HttpStatusCode.OK, await SendAsync(client, HttpMethod.Get, "/pamphlets/unsubscribe"));
        }
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(shelf.Service.As(Role.Reader, shelf.Pamphlets.Id), HttpMethod.Get, Of(shelf.Pamphlets, "mine")));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(shelf.Service.As(Role.Reader, shelf.Pamphlets.Id), HttpMethod.Get, "/pamphlets/account"));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(shelf.Service.Anonymous(), HttpMethod.Get, Notes));
    }

    [Theory]
    [InlineData(Role.Owner, HttpStatusCode.Forbidden)]
    [InlineData(Role.Operator, HttpStatusCode.NoContent)]
    public async Task Staff_of_a_suspended_publication_work_on_and_operators_alone_print(Role role, HttpStatusCode printing)
    {
        var client = shelf.Service.As(role, shelf.Pamphlets.Id);

        Assert.Equal(HttpStatusCode.OK, await SendAsync(client, HttpMethod.Get, Of(shelf.Pamphlets, "notes")));
        Assert.Equal(HttpStatusCode.Created, await SendAsync(client, HttpMethod.Put, Of(shelf.Pamphlets, "notes"), json: true));
        Assert.Equal(printing, await SendAsync(client, HttpMethod.Post, Of(shelf.Pamphlets, "notes/printed")));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(shelf.Service.As(role, shelf.Papers.Id), HttpMethod.Get, Of(shelf.Pamphlets, "notes")));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(shelf.Service.As(Role.Owner, shelf.Papers.Id), HttpMethod.Post, Of(shelf.Papers, "notes/printed")));
    }

    private static string Of(PublicationSnapshot publication, string path) => $"/api/v1/publications/{publication.Slug}/{path}";

    private async Task<HttpStatusCode> PostFormAsync(string path, string? site, string? origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        if (origin is not null) request.Headers.Add("Origin", origin);
        using var answer = await shelf.Service.Anonymous().SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static async Task<HttpStatusCode> SendAsync(HttpClient client, HttpMethod method, string path, bool json = false)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json) request.Content = new StringContent("{\"text\": \"a\"}", System.Text.Encoding.UTF8, "application/json");
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
