using System.Net;

namespace Newsletter.Gateway.Tests;

/// <summary>Bug class: a publication that the gateway has not heard of yet is taken for none, and its visitors and staff are refused.</summary>
public sealed class NewPublicationTests(GatewayUnderTest gateway) : IClassFixture<GatewayUnderTest>
{
    [Fact]
    public async Task A_publication_made_a_moment_ago_is_found_on_its_own_host_and_by_its_path()
    {
        gateway.NewSlug = "prose";
        using var page = await gateway.GetAsync("/archive", gateway.OriginOf("prose"));
        Assert.Equal("/prose/archive", (string?)(await GatewayUnderTest.ReachedAsync(page))?["path"]);

        gateway.NewSlug = "plays";
        using var moved = await gateway.GetAsync("/plays/archive");
        Assert.Equal(HttpStatusCode.PermanentRedirect, moved.StatusCode);
        Assert.Equal($"{gateway.OriginOf("plays")}/archive", moved.Headers.Location?.ToString());
    }

    [Fact]
    public async Task A_host_that_could_be_a_publication_s_and_is_none_shows_nothing()
    {
        foreach (var path in (string[])["/", "/archive", "/papers/archive"])
        {
            using var answer = await gateway.GetAsync(path, gateway.OriginOf("letters"));
            await GatewayTests.IsProblemAsync(answer, HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task While_content_does_not_answer_an_unknown_publication_is_neither_refused_nor_missing()
    {
        gateway.ContentIsAway = true;
        try
        {
            using var staff = await gateway.GetAsync("/api/v1/publications/essays/posts", null, ("Authorization", "Bearer nlk_papers"));
            using var visitor = await gateway.GetAsync("/archive", gateway.OriginOf("essays"));
            using var known = await gateway.GetAsync("/archive", gateway.PoemsOrigin);

            await GatewayTests.IsProblemAsync(staff, HttpStatusCode.ServiceUnavailable);
            await GatewayTests.IsProblemAsync(visitor, HttpStatusCode.ServiceUnavailable);
            Assert.Equal("/poems/archive", (string?)(await GatewayUnderTest.ReachedAsync(known))?["path"]);
        }
        finally
        {
            gateway.ContentIsAway = false;
        }
    }
}
