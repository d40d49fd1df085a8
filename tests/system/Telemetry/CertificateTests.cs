using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests.Telemetry;

/// <summary>The gateway looks at the certificate that the installation's address shows, whoever shows it.</summary>
[Collection(nameof(DistributedCollection))]
public sealed partial class CertificateTests(DistributedHouse house)
{
    [Fact]
    public async Task The_time_that_is_left_is_the_certificate_s()
    {
        var folder = Directory.CreateTempSubdirectory("newsletter-certificate-").FullName;
        try
        {
            using var certificate = Certificate(TimeSpan.FromDays(10));
            var trusted = Path.Combine(folder, "trusted.pem");
            await File.WriteAllTextAsync(trusted, certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
            await using var front = await FrontAsync(certificate);

            var left = await LeftAsync(front.Urls.Single().Replace("127.0.0.1", "localhost", StringComparison.Ordinal), ("SSL_CERT_FILE", trusted), ("SSL_CERT_DIR", folder));
            Assert.InRange(left, 9.9 * 86_400, 10 * 86_400);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task One_that_a_browser_would_refuse_has_none()
    {
        using var certificate = Certificate(TimeSpan.FromDays(10));
        await using var front = await FrontAsync(certificate);
        Assert.Equal(0, await LeftAsync(front.Urls.Single().Replace("127.0.0.1", "localhost", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Nor_has_an_address_where_nobody_answers() => Assert.Equal(0, await LeftAsync($"https://localhost:{ServiceProcess.FreePort()}"));

    private async Task<double> LeftAsync(string url, params (string Name, string Value)[] settings)
    {
        await using var gateway = house.AnotherGateway(out var address, [("Newsletter__Url", url), ("ASPNETCORE_URLS", "http://127.0.0.1:0"), .. settings]);
        gateway.Start();
        await gateway.ReadyAsync();
        using var client = new HttpClient();
        var left = await Eventually.GetAsync(async () => Left().Match(await client.GetStringAsync(new Uri(address, "/metrics"))) is { Success: true } found ? found : null, "the time that is left");
        return double.Parse(left.Groups["seconds"].Value, CultureInfo.InvariantCulture);
    }

    private static async Task<WebApplication> FrontAsync(X509Certificate2 certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listener => listener.UseHttps(certificate)));
        var front = builder.Build();
        front.MapGet("/", () => Results.NoContent());
        await front.StartAsync();
        return front;
    }

    private static X509Certificate2 Certificate(TimeSpan lasts)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now + lasts);
    }

    [GeneratedRegex(@"^newsletter_certificate_remaining_seconds(\{[^}]*\})? (?<seconds>[\d.]+)", RegexOptions.Multiline)]
    private static partial Regex Left();
}
