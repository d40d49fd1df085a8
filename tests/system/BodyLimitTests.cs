using System.Net;
using System.Net.Sockets;
using System.Text;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests;

/// <summary>Bug class: anybody fills the memory of the one process, because some endpoint takes large bodies.</summary>
[Collection(nameof(StandaloneCollection))]
public sealed class BodyLimitTests(StandaloneHouse house)
{
    private const string Api = "/api/v1/publications/scipapermill";

    [Theory]
    [InlineData($"{Api}/subscriptions", "application/json", "")]
    [InlineData("/scipapermill/unsubscribe?token=t&newsletter=weekly", "application/x-www-form-urlencoded", "a=")]
    [InlineData("/webhooks/stripe", "application/json", "")]
    public async Task A_body_without_end_is_refused_while_it_still_comes(string path, string type, string beginning)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", house.Address.Port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        var body = beginning + new string(' ', 3 << 19);
        var sending = stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: {house.Address.Authority}\r\nContent-Type: {type}\r\nTransfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n{body}\r\n"));

        using var answer = new StreamReader(stream, Encoding.ASCII);
        Assert.Equal("HTTP/1.1 413 Payload Too Large", await answer.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        await sending;
    }

    [Fact]
    public async Task An_import_and_an_image_may_be_larger()
    {
        using var csv = new StringContent($"email,cadence\n{new string('\n', 2 << 20)}", Encoding.UTF8, "text/csv");
        using var imported = await house.Staff().PostAsync(new Uri($"{Api}/subscribers/import", UriKind.Relative), csv);
        using var image = new ByteArrayContent([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, .. new byte[2 << 20]]);
        using var uploaded = await house.Staff().PostAsync(new Uri($"{Api}/media", UriKind.Relative), image);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Created), (imported.StatusCode, uploaded.StatusCode));
    }
}
