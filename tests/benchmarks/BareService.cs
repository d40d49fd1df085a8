using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Newsletter.Benchmarks;

/// <summary>The reference for page reads: bare Kestrel that answers the same bytes, in content's place behind the same gateway.</summary>
internal static class BareService
{
    public static async Task RunAsync(string address, string folder)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add(address);
        var page = await File.ReadAllBytesAsync(Path.Combine(folder, "page.html"));
        var publications = await File.ReadAllTextAsync(Path.Combine(folder, "publications.json"));
        app.MapGet("/health/ready", () => "ok");
        app.MapGet("/internal/publications", () => Results.Text(publications, "application/json", Encoding.UTF8));
        app.MapGet("/{p}/posts/{slug}", () => Results.Bytes(page, "text/html; charset=utf-8"));
        await app.RunAsync();
    }
}
