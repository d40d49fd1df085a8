using Microsoft.AspNetCore.Components;
using Newsletter.Content.Gates;
using Newsletter.Content.Posts;
using Newsletter.Content.Publications;
using Newsletter.Content.Readers;
using Newsletter.Content.Storage;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Pages;
using Newsletter.Defaults.Problems;

namespace Newsletter.Content.Pages;

/// <summary>What every reader page needs of its request. Bind it as a handler's parameter.</summary>
internal sealed record PageContext(HttpContext Http, KnownPublication Publication, Caller? Caller, ContentDb Db)
{
    private PageCache Pages => Http.RequestServices.GetRequiredService<PageCache>();

    public DateTimeOffset Now => Http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();

    public static async ValueTask<PageContext?> BindAsync(HttpContext http) =>
        await KnownPublication.BindAsync(http) is { } publication
            ? new(http, publication, http.Features.Get<Caller>(), http.RequestServices.GetRequiredService<ContentDb>())
            : null;

    /// <summary>A page of many posts, kept for a moment, and at most until one of them changes here.</summary>
    public async Task<IResult> ListAsync<TPage>(string name, TimeSpan keepFor, Func<SiteView, Task<Dictionary<string, object?>>> read) where TPage : IComponent
    {
        var viewer = await ViewerAsync();
        var key = (Publication.Snapshot.Id, Publication.Snapshot.Version, name, viewer, Http.RequestServices.GetRequiredService<PostCache>().Generation);
        var page = await Pages.GetAsync<TPage>(key, async () => await read(SiteView.Of(Publication, viewer, Now)), keepFor);
        return page.ToResult(Http, isPersonal: Caller is not null);
    }

    /// <summary>A page that is made for this request alone.</summary>
    public async Task<IResult> FreshAsync<TPage>(Dictionary<string, object?> parameters, int status = StatusCodes.Status200OK) where TPage : IComponent
    {
        parameters["Site"] = SiteView.Of(Publication, await ViewerAsync(), Now);
        var bytes = await Http.RequestServices.GetRequiredService<PageRenderer>().RenderAsync<TPage>(parameters);
        return CachedPage.Of(bytes).ToResult(Http, isPersonal: Caller is not null, status: status);
    }

    public async Task<IResult> PostAsync(Post post, Admission admission)
    {
        var gate = admission.Gate;
        var viewer = new Viewer(Caller is not null, null, admission.Reader.Tiers is { Count: > 0 });
        var (read, free) = gate.Decision == GateDecision.MeterSpent ? (admission.Read, admission.Free) : (null, null);
        var key = (Publication.Snapshot.Id, Publication.Snapshot.Version, post.Id, post.Version, viewer, (gate.Decision, gate.Reason, gate.Asks), read, free);
        var page = await Pages.GetAsync<PostPage>(key, () => Task.FromResult<Dictionary<string, object?>>(new()
        {
            ["Site"] = SiteView.Of(Publication, viewer, Now),
            ["Post"] = post,
            ["Gate"] = gate,
            ["Read"] = read,
            ["Free"] = free,
        }));
        return page.ToResult(Http, admission.IsPersonal);
    }

    /// <summary>Nothing here: a page in the publication's look for browsers, problem details for the rest.</summary>
    public async Task<IResult> MissingAsync()
    {
        if (!Http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal)) return Problem.NotFound();
        var viewer = await ViewerAsync();
        var page = await Pages.GetAsync<ProblemPage>((Publication.Snapshot.Id, Publication.Snapshot.Version, "missing", viewer), () => Task.FromResult<Dictionary<string, object?>>(new()
        {
            ["Site"] = SiteView.Of(Publication, viewer, Now).Info,
            ["Viewer"] = viewer,
            ["Status"] = StatusCodes.Status404NotFound,
            ["Title"] = "This page is not here",
            ["Detail"] = "It may have moved, or never was. The search knows everything that is.",
        }));
        return page.ToResult(Http, isPersonal: true, status: StatusCodes.Status404NotFound);
    }

    private async ValueTask<Viewer> ViewerAsync()
    {
        if (Caller is null) return Viewer.Anonymous;
        var reader = await ReaderLookup.FindAsync(Db, Caller, Publication.Snapshot.Id, Now, Http.RequestAborted);
        return new(true, null, reader.Tiers is { Count: > 0 });
    }
}
