using System.Net;
using System.Net.Http.Headers;

namespace Newsletter.Content.Tests.Media;

public sealed class MediaTests(ContentFixture content) : IClassFixture<ContentFixture>
{
    private static readonly byte[] Png = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3];

    [Fact]
    public async Task An_image_is_kept_once_and_served_as_nothing_else()
    {
        var publication = await content.PublicationAsync();
        using var first = await UploadAsync(publication, Png);
        using var second = await UploadAsync(publication, Png);
        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        using var image = await publication.Anonymous.SendAsync(HttpMethod.Get, first.Headers.Location!.AbsolutePath);
        Assert.Equal("image/png", image.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", image.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Contains("immutable", image.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Equal(Png, await image.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_image_that_comes_many_times_at_once_is_kept_once()
    {
        var publication = await content.PublicationAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => UploadAsync(publication, Png)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.StatusCode));
        Assert.Single(answers.Select(answer => answer.Headers.Location).Distinct());
        foreach (var answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task What_is_no_image_or_too_large_is_refused()
    {
        var publication = await content.PublicationAsync();
        using var html = await UploadAsync(publication, "<html><script>alert(1)</script>"u8.ToArray());
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, html.StatusCode);
        using var svg = await UploadAsync(publication, "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"u8.ToArray());
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, svg.StatusCode);
        using var large = await UploadAsync(publication, [.. Png, .. new byte[5 << 20]]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
    }

    [Fact]
    public async Task Only_listed_origins_may_read_posts_from_their_pages()
    {
        var publication = await content.PublicationAsync(new { embedOrigins = new[] { "https://blog.example" } });
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = "x", slug = "one", body = "x" });
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/one/publish", new { mail = false });
        Assert.Equal("https://blog.example", await AllowedAsync("https://blog.example", HttpMethod.Get));
        Assert.Equal("https://blog.example", await AllowedAsync("https://blog.example", HttpMethod.Options));
        Assert.Null(await AllowedAsync("https://evil.example", HttpMethod.Get));
        using var script = await publication.Anonymous.SendAsync(HttpMethod.Get, $"/embed/{publication.Slug}.js");
        Assert.Contains($"/api/v1/publications/{publication.Slug}/posts/", await script.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        async Task<string?> AllowedAsync(string origin, HttpMethod method)
        {
            using var request = new HttpRequestMessage(method, new Uri($"{publication.Api}/posts/one", UriKind.Relative));
            request.Headers.Add("Origin", origin);
            using var answer = await publication.Anonymous.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode);
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
            return answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) ? allowed.Single() : null;
        }
    }

    private static async Task<HttpResponseMessage> UploadAsync(TestPublication publication, byte[] bytes)
    {
        using var body = new ByteArrayContent(bytes);
        body.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{publication.Api}/media", UriKind.Relative)) { Content = body };
        // The answer to what is too large comes before the body is read.
        request.Headers.ExpectContinue = true;
        return await publication.Author.SendAsync(request);
    }
}
