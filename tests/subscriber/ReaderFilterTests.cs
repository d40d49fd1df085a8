using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Newsletter.Contracts;
using Newsletter.Subscriber.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Subscriber.Tests;

public sealed class ReaderFilterTests(SubscriberFixture fixture) : ReaderFilterCases(fixture.App), IClassFixture<SubscriberFixture>;

public sealed class SqliteReaderFilterTests(SqliteSubscriberFixture fixture) : ReaderFilterCases(fixture.App), IClassFixture<SqliteSubscriberFixture>;

/// <summary>The list by tag, newsletter and topic, which follow every change of a reader.</summary>
public abstract class ReaderFilterCases(SubscriberApp app)
{
    [Fact]
    public async Task Tag_newsletter_and_topic_narrow_the_list_alone_together_and_page_by_page()
    {
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        await AddAsync(owner, publication, "a@example.com", "weekly", ["vip", "press"], ["vision"]);
        await AddAsync(owner, publication, "b@example.com", "every_post", ["vip"], ["vision", "nlp"]);
        await AddAsync(owner, publication, "c@example.com", "none", ["vip"], ["nlp"]);
        await AddAsync(owner, publication, "d@example.com", "weekly", [], []);
        await AddAsync(owner, publication, "e@example.com", "weekly", ["vip"], [], confirmed: false);

        Assert.Equal("ecba", await ListAsync(owner, publication, "?tag=vip"));
        Assert.Equal("a", await ListAsync(owner, publication, "?tag=press"));
        Assert.Equal("ba", await ListAsync(owner, publication, "?topic=vision"));
        Assert.Equal("da", await ListAsync(owner, publication, "?newsletter=weekly"));
        Assert.Equal("b", await ListAsync(owner, publication, "?tag=vip&topic=nlp&newsletter=posts"));
        Assert.Equal("c", await ListAsync(owner, publication, "?tag=vip&status=unsubscribed"));
        Assert.Equal("e", await ListAsync(owner, publication, "?tag=vip&status=pending"));
        Assert.Equal("b", await ListAsync(owner, publication, "?tag=vip&q=b@"));
        Assert.Equal("", await ListAsync(owner, publication, "?tag=vi"));
        var first = await PageAsync(owner, publication, "?tag=vip&limit=2");
        Assert.Equal("ba", await ListAsync(owner, publication, $"?tag=vip&limit=2&cursor={first.GetProperty("next").GetString()}"));
    }

    [Fact]
    public async Task The_filters_follow_a_change_and_an_erasure_and_the_tags_in_use_with_them()
    {
        var (publication, other) = (await app.PublicationAsync(), await app.PublicationAsync());
        var owner = await app.OwnerAsync(publication);
        await AddAsync(await app.OwnerAsync(other), other, "x@example.com", "weekly", ["elsewhere"], []);
        var a = await AddAsync(owner, publication, "a@example.com", "weekly", ["old", "zeta"], ["vision"]);
        var b = await AddAsync(owner, publication, "b@example.com", "weekly", ["old"], []);
        Assert.Equal(["old", "zeta"], await TagsAsync(owner, publication));

        using var changed = await owner.PatchAsJsonAsync(a, new { tags = new[] { "new", "zeta", "new" }, topics = Array.Empty<string>(), cadence = "none" });
        using var erased = await owner.DeleteAsync(b);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NoContent), (changed.StatusCode, erased.StatusCode));
        Assert.Equal(["new", "zeta"], await TagsAsync(owner, publication));
        Assert.Equal(("", "a", "", ""), (
            await ListAsync(owner, publication, "?tag=old"), await ListAsync(owner, publication, "?tag=new"),
            await ListAsync(owner, publication, "?topic=vision"), await ListAsync(owner, publication, "?newsletter=weekly")));
        Assert.Empty(await TagsAsync(owner, await app.PublicationAsync(), HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task Who_left_and_comes_back_is_active_again()
    {
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        var a = await AddAsync(owner, publication, "a@example.com", "weekly", [], []);

        using var left = await owner.PatchAsJsonAsync(a, new { cadence = "none" });
        Assert.Equal(("a", ""), (await ListAsync(owner, publication, "?status=unsubscribed"), await ListAsync(owner, publication, "?status=active")));
        using var back = await owner.PatchAsJsonAsync(a, new { cadence = "weekly" });
        Assert.Equal(("", "a"), (await ListAsync(owner, publication, "?status=unsubscribed"), await ListAsync(owner, publication, "?status=active")));
    }

    [Theory]
    [InlineData("?newsletter=none")]
    [InlineData("?tag=%01")]
    [InlineData("?topic=%01")]
    public async Task A_filter_that_cannot_be_is_a_problem(string query)
    {
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);

        using var answer = await owner.GetAsync($"/api/v1/publications/{publication.Slug}/subscribers{query}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private static async Task<Uri> AddAsync(
        HttpClient owner, PublicationSnapshot publication, string email, string cadence, string[] tags, string[] topics, bool confirmed = true)
    {
        using var added = await owner.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscribers", new { email, cadence, tags, topics, confirmed });
        Assert.Equal(HttpStatusCode.Created, added.StatusCode);
        return added.Headers.Location!;
    }

    private static Task<JsonElement> PageAsync(HttpClient owner, PublicationSnapshot publication, string query) =>
        owner.GetFromJsonAsync<JsonElement>($"/api/v1/publications/{publication.Slug}/subscribers{query}");

    /// <summary>The first letters of the addresses.</summary>
    private static async Task<string> ListAsync(HttpClient owner, PublicationSnapshot publication, string query) =>
        string.Concat((await PageAsync(owner, publication, query)).GetProperty("items").EnumerateArray().Select(s => s.GetProperty("email").GetString()![0]));

    private static async Task<List<string?>> TagsAsync(HttpClient owner, PublicationSnapshot publication, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var answer = await owner.GetAsync($"/api/v1/publications/{publication.Slug}/subscribers/tags");
        Assert.Equal(expected, answer.StatusCode);
        if (expected != HttpStatusCode.OK) return [];
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items").EnumerateArray().Select(t => t.GetProperty("tag").GetString()).ToList();
    }
}

public sealed class ReaderListMigrationTests
{
    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Sqlite)]
    public async Task Readers_from_before_the_filters_are_found_by_them(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        PublicationSnapshot publication;
        await using (var app = await SubscriberApp.StartAsync(useDatabase: database))
        {
            publication = await app.PublicationAsync();
            using var imported = await (await app.OwnerAsync(publication)).PostAsJsonAsync(
                $"/api/v1/publications/{publication.Slug}/subscribers/import",
                new[] { ("a", "weekly", true), ("b", "none", true), ("c", "weekly", false) }.Select(r => new { email = $"{r.Item1}@example.com", cadence = r.Item2, topics = new[] { "vision" }, confirmed = r.Item3 }));
            Assert.Equal(HttpStatusCode.OK, imported.StatusCode);
            // Back to the tables as they were, and forward again.
            await app.Service.WithDbAsync<SubscriberDb, bool>(async db =>
            {
                await db.GetService<IMigrator>().MigrateAsync("AuditLog");
                return true;
            });
        }

        await using var again = await SubscriberApp.StartAsync(useDatabase: database);
        var owner = await again.OwnerAsync(publication);
        async Task<int> CountAsync(string query) =>
            (await owner.GetFromJsonAsync<JsonElement>($"/api/v1/publications/{publication.Slug}/subscribers{query}")).GetProperty("items").GetArrayLength();

        Assert.Equal((3, 1, 1, 1), (await CountAsync("?topic=vision"), await CountAsync("?status=active"), await CountAsync("?status=unsubscribed"), await CountAsync("?status=pending")));
    }
}
