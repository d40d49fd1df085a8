using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Newsletter.Defaults.Identity;

namespace Newsletter.Content.Tests.Posts;

public abstract class StaffListTests(ContentFixture content)
{
    [Fact]
    public async Task Staff_see_every_post_last_changed_first_page_by_page()
    {
        var publication = await content.PublicationAsync();
        foreach (var slug in new[] { "one", "two", "three" }) await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = slug, slug, body = "x" });
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/two/publish", new { mail = false });
        await publication.Author.PutJsonAsync($"{publication.Api}/posts/one", new { title = "one", body = "again" });

        List<string> seen = [];
        string? cursor = null;
        do
        {
            var page = await publication.Author.GetJsonAsync($"{publication.Api}/posts?state=all&limit=2&cursor={cursor}");
            seen.AddRange(SlugsOf(page));
            cursor = page.GetProperty("next").GetString();
        }
        while (cursor is not null);

        Assert.Equal(["one", "two", "three"], seen);
        Assert.Equal(["one", "three"], SlugsOf(await publication.Author.GetJsonAsync($"{publication.Api}/posts?state=draft")));
        using var stranger = await publication.Anonymous.SendAsync(HttpMethod.Get, $"{publication.Api}/posts?state=all");
        Assert.Equal(HttpStatusCode.Forbidden, stranger.StatusCode);
    }

    [Fact]
    public async Task Posts_are_found_by_part_of_their_title_whatever_its_case_and_accents()
    {
        var publication = await content.PublicationAsync();
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = "Über die ÄPFEL, 100% reif", slug = "apples", body = "x" });
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = "Pears", slug = "pears", body = "x" });

        Assert.Equal(["apples"], SlugsOf(await publication.Author.GetJsonAsync($"{publication.Api}/posts?state=all&q=apfel")));
        Assert.Equal(["apples"], SlugsOf(await publication.Author.GetJsonAsync($"{publication.Api}/posts?state=draft&q=DIE%20%C3%84p")));
        Assert.Empty(SlugsOf(await publication.Author.GetJsonAsync($"{publication.Api}/posts?state=all&q=quince")));
    }

    [Fact]
    public async Task What_is_scheduled_comes_in_the_order_of_its_time()
    {
        var publication = await content.PublicationAsync();
        foreach (var (slug, days) in new[] { ("later", 9), ("soon", 2), ("last", 30) })
        {
            await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = slug, slug, body = "x" });
            await publication.Editor.PostJsonAsync($"{publication.Api}/posts/{slug}/schedule", new { at = DateTimeOffset.UtcNow.AddDays(days), mail = false });
        }

        var first = await publication.Author.GetJsonAsync($"{publication.Api}/posts?state=scheduled&limit=2");
        var rest = await publication.Author.GetJsonAsync($"{publication.Api}/posts?state=scheduled&limit=2&cursor={first.GetProperty("next").GetString()}");

        Assert.Equal(["soon", "later", "last"], [.. SlugsOf(first), .. SlugsOf(rest)]);
    }

    [Fact]
    public async Task Whoever_was_slower_hears_who_was_faster_and_when()
    {
        var publication = await content.PublicationAsync();
        var other = Guid.CreateVersion7();
        var made = await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = "Ours", slug = "ours", body = "x" });
        var changed = await content.Service.As(Role.Author, publication.Id, other).PutJsonAsync($"{publication.Api}/posts/ours", new { title = "Theirs", body = "y" });

        using var request = new HttpRequestMessage(HttpMethod.Put, $"{publication.Api}/posts/ours") { Content = System.Net.Http.Json.JsonContent.Create(new { title = "Mine", body = "z" }) };
        request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{made.GetProperty("version").GetInt64()}\""));
        using var late = await publication.Author.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.PreconditionFailed, late.StatusCode);
        var problem = await late.ProblemAsync();
        Assert.Equal(changed.GetProperty("version").GetInt64(), problem["version"]!.GetValue<long>());
        Assert.Equal(other, problem["updatedBy"]!.GetValue<Guid>());
        Assert.Equal(changed.GetProperty("updatedAt").GetDateTimeOffset(), problem["updatedAt"]!.GetValue<DateTimeOffset>());
        Assert.Equal("Theirs", (await publication.Author.GetJsonAsync($"{publication.Api}/posts/ours/source")).GetProperty("title").GetString());
    }

    [Fact]
    public async Task Uploaded_images_are_listed_newest_first_with_their_size()
    {
        var publication = await content.PublicationAsync();
        var (small, large) = (Png(16, 9), Png(1600, 900));
        await UploadAsync(publication, small);
        await UploadAsync(publication, large);
        var neighbour = await content.PublicationAsync();

        var first = await publication.Author.GetJsonAsync($"{publication.Api}/media?limit=1");
        var rest = await publication.Author.GetJsonAsync($"{publication.Api}/media?limit=1&cursor={first.GetProperty("next").GetString()}");

        Assert.Equal([(1600, 900)], SizesOf(first));
        Assert.Equal([(16, 9)], SizesOf(rest));
        Assert.Equal(JsonValueKind.Null, rest.GetProperty("next").ValueKind);
        Assert.Empty((await neighbour.Author.GetJsonAsync($"{neighbour.Api}/media")).GetProperty("items").EnumerateArray());
        using var image = await publication.Anonymous.SendAsync(HttpMethod.Get, new Uri(first.GetProperty("items")[0].GetProperty("url").GetString()!).AbsolutePath);
        Assert.Equal(large, await image.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));

        static IEnumerable<(int, int)> SizesOf(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(m => (m.GetProperty("width").GetInt32(), m.GetProperty("height").GetInt32()));
    }

    private static string[] SlugsOf(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(p => p.GetProperty("slug").GetString()!)];

    private static byte[] Png(int width, int height) =>
    [
        0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, (byte)'I', (byte)'H', (byte)'D', (byte)'R',
        0, 0, (byte)(width >> 8), (byte)width, 0, 0, (byte)(height >> 8), (byte)height,
    ];

    private static async Task UploadAsync(TestPublication publication, byte[] bytes)
    {
        using var body = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
        using var answer = await publication.Author.PostAsync(new Uri($"{publication.Api}/media", UriKind.Relative), body);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }
}

public sealed class PostgresStaffListTests(ContentFixture content) : StaffListTests(content), IClassFixture<ContentFixture>;

public sealed class SqliteStaffListTests(SqliteContentFixture content) : StaffListTests(content), IClassFixture<SqliteContentFixture>;
