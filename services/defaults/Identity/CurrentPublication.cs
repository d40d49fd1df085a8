using Microsoft.AspNetCore.Http;
using Newsletter.Contracts;

namespace Newsletter.Defaults.Identity;

/// <summary>The publication that the route names, found and open to the caller. Bind it as a handler's parameter.</summary>
public sealed record CurrentPublication(PublicationSnapshot Snapshot)
{
    public Guid Id => Snapshot.Id;
    public string Slug => Snapshot.Slug;
    /// <summary>Every link starts with it; no trailing slash.</summary>
    public string BaseUrl => Snapshot.BaseUrl;

    public static ValueTask<CurrentPublication?> BindAsync(HttpContext http) => ValueTask.FromResult(http.Features.Get<CurrentPublication>());
}
