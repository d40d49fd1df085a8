using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Webhooks;

/// <summary>Verifies what SNS signed. A message names the place of its certificate itself: only SNS's own hosts are asked, over https.</summary>
internal sealed partial class SnsMessages(IHttpClientFactory clients, IOptions<SesOptions> options, TimeProvider time)
{
    public const string Client = "mailer-sns";
    private const int MostCertificates = 32;
    private const int MaxAnswer = 64 * 1024;
    private readonly ConcurrentDictionary<string, X509Certificate2> _certificates = new();

    public static void Register(IServiceCollection services) => services.AddHttpClient(Client)
        .ConfigureHttpClient(http => (http.Timeout, http.MaxResponseContentBufferSize) = (TimeSpan.FromSeconds(10), MaxAnswer))
        .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false });

    /// <summary>Null: its certificate cannot be had now.</summary>
    public async Task<bool?> IsSignedAsync(SnsMessage message, CancellationToken cancellation)
    {
        var hash = message.SignatureVersion switch { "1" => HashAlgorithmName.SHA1, "2" => HashAlgorithmName.SHA256, _ => default };
        if (hash == default || message.Signature is not { Length: > 0 and < 2048 } signature || !IsOfSns(message.SigningCertUrl, out var at) || !at.AbsolutePath.EndsWith(".pem", StringComparison.Ordinal)) return false;
        var bytes = new byte[signature.Length];
        if (!Convert.TryFromBase64String(signature, bytes, out var length)) return false;
        if (await CertificateAsync(at, cancellation) is not { } certificate) return null;
        if (time.GetUtcNow() < certificate.NotBefore.ToUniversalTime() || time.GetUtcNow() > certificate.NotAfter.ToUniversalTime()) return false;
        using var key = certificate.GetRSAPublicKey();
        return key?.VerifyData(Encoding.UTF8.GetBytes(message.Signed), bytes.AsSpan(0, length), hash, RSASignaturePadding.Pkcs1) == true;
    }

    /// <summary>Only of a message that is signed, and so of the topic's own.</summary>
    public async Task<bool> ConfirmAsync(SnsMessage message, CancellationToken cancellation) =>
        IsOfSns(message.SubscribeUrl, out var at) && await FetchAsync(at, cancellation) is not null;

    private async Task<X509Certificate2?> CertificateAsync(Uri at, CancellationToken cancellation)
    {
        if (_certificates.TryGetValue(at.AbsoluteUri, out var known)) return known;
        if (await FetchAsync(at, cancellation) is not { } pem) return null;
        try
        {
            var certificate = X509Certificate2.CreateFromPem(pem);
            // Anybody may name one more; SNS has one for each region.
            if (_certificates.Count < MostCertificates) _certificates[at.AbsoluteUri] = certificate;
            return certificate;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private async Task<string?> FetchAsync(Uri at, CancellationToken cancellation)
    {
        var address = options.Value.SnsBase is { Length: > 0 } instead ? new Uri(new Uri(instead), at.PathAndQuery) : at;
        using var http = clients.CreateClient(Client);
        try
        {
            using var answer = await http.GetAsync(address, cancellation);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(cancellation) : null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    private static bool IsOfSns(string? address, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Uri? uri) =>
        Uri.TryCreate(address, UriKind.Absolute, out uri) && uri.Scheme == Uri.UriSchemeHttps && uri.IsDefaultPort && uri.UserInfo.Length == 0 && SnsHost().IsMatch(uri.Host);

    [GeneratedRegex(@"^sns\.[a-z]{2}(-[a-z]{2,16}){1,3}-[0-9]{1,2}\.amazonaws\.com(\.cn)?$", RegexOptions.CultureInvariant)]
    private static partial Regex SnsHost();
}
