using System.Net;
using System.Text;
using System.Text.Json;
using Newsletter.Defaults.Identity;

namespace Newsletter.Mailer.Tests;

public sealed class RequestTests(SendingFixture fixture) : IClassFixture<SendingFixture>
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;
    private readonly MailerUnderTest _mailer = fixture.Mailer;

    /// <summary><c>LONG</c> stands for 300 letters.</summary>
    [Theory]
    [InlineData("POST", "editions/test", """{}""", "post")]
    [InlineData("POST", "editions/test", """{"post":"LONG","to":"a@example.com"}""", "post")]
    [InlineData("POST", "editions/test", """{"post":"x","to":"nobody"}""", "to")]
    [InlineData("POST", "editions/test", """{"post":"x","to":"LONG@example.com"}""", "to")]
    [InlineData("POST", "editions/test", """{"post":"x","to":"a b@example.com"}""", "to")]
    [InlineData("POST", "roundups", """{"newsletter":"LONG"}""", "newsletter")]
    [InlineData("PUT", "senders", """{"address":"a@example.com"}""", "name")]
    [InlineData("PUT", "senders", """{"name":"LONG","address":"a@example.com"}""", "name")]
    [InlineData("PUT", "senders", """{"name":"two\nlines","address":"a@example.com"}""", "name")]
    [InlineData("PUT", "senders", """{"name":"x","address":"nobody"}""", "address")]
    [InlineData("PUT", "senders", """{"name":"x","address":"LONG@example.com"}""", "address")]
    [InlineData("PUT", "senders", """{"name":"x","address":"a@example.com","replyTo":"nobody"}""", "replyTo")]
    [InlineData("PUT", "senders", """{"name":"x","address":"a@example.com","newsletter":"LONG"}""", "newsletter")]
    [InlineData("PUT", "senders", """{"name":"x","address":"a@example.com","newsletter":"none"}""", "newsletter")]
    [InlineData("PUT", "segments/x", """{}""", "name")]
    [InlineData("PUT", "segments/x", """{"name":"LONG"}""", "name")]
    [InlineData("PUT", "segments/x", """{"name":"x","newsletter":"none"}""", "newsletter")]
    [InlineData("PUT", "segments/x", """{"name":"x","newsletter":"LONG"}""", "newsletter")]
    [InlineData("PUT", "segments/x", """{"name":"x","tier":"LONG"}""", "tier")]
    [InlineData("PUT", "segments/x", """{"name":"x","tag":"LONG"}""", "tag")]
    [InlineData("PUT", "segments/x", """{"name":"x","topic":"LONG"}""", "topic")]
    [InlineData("PUT", "segments/LONG", """{"name":"x"}""", "slug")]
    public async Task What_is_too_long_or_malformed_is_refused_by_its_name(string method, string path, string json, string field)
    {
        var publication = await _mailer.PublicationAsync();

        using var answer = await SendAsync(publication, method, path, json);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Contains(problem.GetProperty("errors").EnumerateObject(), e => e.Name.Equals(field, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("POST", "editions/test", """{"post":7}""", "$.post")]
    [InlineData("POST", "roundups", """{"newsletter":["weekly"]}""", "$.newsletter")]
    [InlineData("PUT", "senders", """{"name":{}}""", "$.name")]
    [InlineData("PUT", "segments/x", """{"name":true}""", "$.name")]
    public async Task What_is_of_another_kind_is_refused_by_its_place(string method, string path, string json, string place)
    {
        var publication = await _mailer.PublicationAsync();

        using var answer = await SendAsync(publication, method, path, json);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(place, await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> SendAsync(TestPublication publication, string method, string path, string json)
    {
        var letters = new string('x', 300);
        using var request = new HttpRequestMessage(new(method), $"{publication.Api}/{path.Replace("LONG", letters, StringComparison.Ordinal)}");
        request.Content = new StringContent(json.Replace("LONG", letters, StringComparison.Ordinal), Encoding.UTF8, "application/json");
        return await publication.As(Role.Owner).SendAsync(request, Cancellation);
    }
}
