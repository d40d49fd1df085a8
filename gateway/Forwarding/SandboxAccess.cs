using Newsletter.Defaults.Hosting;

namespace Newsletter.Gateway.Forwarding;

/// <summary>Whether the sandbox is there. Who reaches it reads all mail, the codes that sign staff in too, and pays with a test card.</summary>
public static class SandboxAccess
{
    private static readonly string[] Addresses = ["Stripe:ApiBase", "SendGrid:ApiBase"];

    /// <summary>Where it is asked for; else only where nobody else comes in: neither to our listener, nor through a proxy that readers know us by.</summary>
    public static bool IsAllowed(IConfiguration configuration, NewsletterOptions newsletter) =>
        newsletter.Sandbox || (Loopback.Only(configuration["Urls"] ?? newsletter.Url) && Loopback.Only(newsletter.Url));

    /// <summary>A provider's address that is the sandbox's: it stands in for that one.</summary>
    public static bool IsUsed(IConfiguration configuration) => Array.Exists(Addresses, setting =>
        Uri.TryCreate(configuration[setting], UriKind.Absolute, out var address) && address.AbsolutePath.StartsWith("/sandbox/", StringComparison.OrdinalIgnoreCase));
}
