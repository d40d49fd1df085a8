using Newsletter.Defaults.Identity;

namespace Newsletter.Subscriber.Tests;

public sealed class SessionCookieTests
{
    [Theory]
    [InlineData("https://news.example", "__Host-session")]
    [InlineData("http://news.localhost:8080", "session")]
    [InlineData("http://localhost:8080/news", "session-news")]
    [InlineData("https://letters.example/news", "__Host-session-news")]
    public void The_cookies_name_follows_from_the_publications_address(string baseUrl, string name) =>
        Assert.Equal(name, SessionCookie.NameFor(baseUrl, "news"));
}
