using System.ComponentModel.DataAnnotations;

namespace Newsletter.Defaults.Hosting;

/// <summary>Settings of the whole installation, section <c>Newsletter</c>.</summary>
public sealed class NewsletterOptions
{
    /// <summary>Where readers reach the installation; links start with it unless a publication has its own host.</summary>
    [Required, Url]
    public string Url { get; set; } = "http://localhost:8080";

    /// <summary>When set, each publication is an origin of its own: <c>{slug}.{PagesDomain}</c>.</summary>
    public string? PagesDomain { get; set; }

    /// <summary>Folder for what a process keeps on disk (SQLite files).</summary>
    [Required]
    public string Data { get; set; } = "./data";

    /// <summary>Allows the sandbox on listeners other than loopback.</summary>
    public bool Sandbox { get; set; }

    /// <summary>Where a trace is shown, with <c>{traceId}</c> in the place of its id: <c>http://localhost:16686/trace/{traceId}</c>. The console links there.</summary>
    [RegularExpression(@"https?://[^\s]+\{traceId\}[^\s]*", ErrorMessage = "An http address that contains {traceId}.")]
    public string? TraceUrl { get; set; }

    /// <summary>The publication's base address when it has no domain of its own; never with a trailing slash.</summary>
    public string BaseUrlOf(string slug)
    {
        var url = new Uri(Url);
        if (PagesDomain is null) return $"{url.GetLeftPart(UriPartial.Authority)}/{slug}";
        return new UriBuilder(url) { Host = $"{slug}.{PagesDomain}" }.Uri.GetLeftPart(UriPartial.Authority);
    }
}
