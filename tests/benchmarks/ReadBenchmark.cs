using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.Benchmarks;

/// <summary>Reads of a gated post through the gateway, anonymous and signed in. Reference: the same bytes from bare Kestrel behind the same gateway.</summary>
internal static class ReadBenchmark
{
    private const int Connections = 16;
    private const int Runs = 5;
    private const string Post = "/posts/how-to-read-a-hundred-papers-a-week";
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(5);

    public static async Task<IEnumerable<Figure>> RunAsync(Distributed house)
    {
        var page = $"{house.BaseUrlOf("scipapermill")}{Post}";
        var session = await SignInAsync(house);
        using var client = Load.Client();
        var anonymousPage = await client.GetByteArrayAsync(new Uri(page));
        var signedInPage = await (await SendAsync(client, page, session)).Content.ReadAsByteArrayAsync();

        await using var bareAnonymous = await BareAsync(house, anonymousPage);
        await using var bareSignedIn = await BareAsync(house, signedInPage);
        // Cold, the first seconds tell of the compiler.
        foreach (var warm in (string[])[page, bareAnonymous.Page, bareSignedIn.Page]) await Load.RateAsync(Connections, Time, (c, _) => SendAsync(c, warm, null));
        await Load.RateAsync(Connections, Time, (c, _) => SendAsync(c, page, session));

        List<double> anonymous = [], anonymousReference = [], signedIn = [], signedInReference = [];
        for (var i = 0; i < Runs; i++)
        {
            anonymous.Add(await Load.RateAsync(Connections, Time, (c, _) => SendAsync(c, page, null)));
            anonymousReference.Add(await Load.RateAsync(Connections, Time, (c, _) => SendAsync(c, bareAnonymous.Page, null)));
            signedIn.Add(await Load.RateAsync(Connections, Time, (c, _) => SendAsync(c, page, session)));
            signedInReference.Add(await Load.RateAsync(Connections, Time, (c, _) => SendAsync(c, bareSignedIn.Page, null)));
        }
        return
        [
            new($"gated page, anonymous ({anonymousPage.Length / 1024} KB), 16 connections", anonymous, "/s", "same bytes, bare Kestrel", anonymousReference),
            new($"gated page, signed in ({signedInPage.Length / 1024} KB), 16 connections", signedIn, "/s", "same bytes, bare Kestrel", signedInReference),
        ];
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string page, string? session)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, page);
        if (session is not null) request.Headers.Add("Cookie", $"session={session}");
        return client.SendAsync(request);
    }

    /// <summary>A confirmed subscriber's session cookie.</summary>
    private static async Task<string> SignInAsync(Distributed house)
    {
        var address = $"reader-{Guid.NewGuid():N}@example.com";
        using var subscribed = await house.Visitor().PostAsJsonAsync($"{house.Address}api/v1/publications/scipapermill/subscriptions", new { email = address, cadence = "weekly" });
        subscribed.EnsureSuccessStatusCode();
        var mail = await house.MailAsync(address, m => m.Text.Contains("/confirm?", StringComparison.Ordinal), "the confirmation");
        using var client = Load.Client();
        var link = mail.Link("/confirm?");
        var token = System.Web.HttpUtility.ParseQueryString(link.Query)["token"]!;
        using var confirmed = await client.PostAsync(link, new FormUrlEncodedContent([new("token", token)]));
        var cookie = confirmed.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("session=", StringComparison.Ordinal));
        return cookie.Split(';')[0]["session=".Length..];
    }

    private static async Task<Bare> BareAsync(Distributed house, byte[] page)
    {
        var folder = Directory.CreateTempSubdirectory("newsletter-bare-").FullName;
        await File.WriteAllBytesAsync(Path.Combine(folder, "page.html"), page);
        var port = ServiceProcess.FreePort();
        var publications = JsonSerializer.Serialize(new { items = new[] { new { id = Guid.NewGuid(), slug = "scipapermill", baseUrl = $"http://scipapermill.localhost:{port}" } } });
        await File.WriteAllTextAsync(Path.Combine(folder, "publications.json"), publications);
        var bareAddress = $"http://127.0.0.1:{ServiceProcess.FreePort()}";
        var bare = Process.Start(new ProcessStartInfo("dotnet", [typeof(BareService).Assembly.Location, "bare", bareAddress, folder]))!;
        var gateway = house.AnotherGateway(port, contentAt: bareAddress);
        gateway.Start();
        await gateway.ReadyAsync();
        var reference = new Bare(bare, gateway, folder, $"http://scipapermill.localhost:{port}{Post}");
        using var client = Load.Client();
        await Tests.Harness.Eventually.TrueAsync(async () => (await client.GetAsync(new Uri(reference.Page))).IsSuccessStatusCode, "the bare page behind a gateway");
        return reference;
    }

    private sealed record Bare(Process Service, ServiceProcess Gateway, string Folder, string Page) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Gateway.DisposeAsync();
            Service.Kill();
            Service.Dispose();
            Directory.Delete(Folder, recursive: true);
        }
    }
}
