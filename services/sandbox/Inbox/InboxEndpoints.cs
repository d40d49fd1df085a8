using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Sandbox.Layout;
using Newsletter.Sandbox.Mail;
using Newsletter.Sandbox.Storage;

namespace Newsletter.Sandbox.Inbox;

/// <summary>All mail of the sandbox, for eyes and for tests.</summary>
internal static class InboxEndpoints
{
    private const int PageSize = 25;
    private const int MaxItems = 200;

    /// <summary>A letter may load pictures and carry styles; it runs nothing, and its links open outside.</summary>
    private const string LetterPolicy =
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src * data:; style-src 'unsafe-inline' *; font-src *; frame-ancestors 'self'";

    public static void MapInbox(this IEndpointRouteBuilder app)
    {
        var sandbox = app.MapGroup("/sandbox").ExcludeFromDescription();
        sandbox.MapGet("/inbox", List);
        sandbox.MapGet("/inbox/{id:long}", Show);
        sandbox.MapGet("/inbox/{id:long}/html", Html);
        sandbox.MapPost("/inbox/{id:long}/engage", EngageAsync);
        sandbox.MapGet("/api/messages", Messages);
        sandbox.MapDelete("/api/messages", async (Letters letters, CancellationToken cancel) =>
        {
            await letters.ClearAsync(cancel);
            return TypedResults.NoContent();
        });
    }

    private static RazorComponentResult List(Letters letters, string? to, long? before)
    {
        var found = letters.List(null, to, before, PageSize + 1);
        return SandboxPages.Show<InboxPage>(new()
        {
            ["Letters"] = found.Take(PageSize).ToList(),
            ["Search"] = to,
            ["Next"] = found.Count > PageSize ? found[PageSize - 1].Id : (long?)null,
            ["IsFirst"] = before is null,
        });
    }

    private static Results<RazorComponentResult, NotFound> Show(long id, string? done, Letters letters) => letters.Find(id) is { } letter
        ? SandboxPages.Show<LetterPage>(new() { ["Letter"] = letter, ["Done"] = done })
        : TypedResults.NotFound();

    private static Results<ContentHttpResult, NotFound> Html(long id, Letters letters, HttpResponse response)
    {
        if (letters.Find(id)?.Html is not { } html)
        {
            return TypedResults.NotFound();
        }

        response.Headers.ContentSecurityPolicy = LetterPolicy;
        response.Headers["Referrer-Policy"] = "no-referrer";
        return TypedResults.Content(WithLinksOutside(html), "text/html; charset=utf-8");
    }

    private static async Task<Results<RedirectHttpResult, NotFound>> EngageAsync(
        long id, HttpRequest request, Letters letters, SandboxDb db, TimeProvider clock, CancellationToken cancel)
    {
        var kind = (await request.ReadFormAsync(cancel))["kind"].ToString();
        if (letters.Find(id) is not { } letter || kind is not ("open" or "click" or "spamreport" or "unsubscribe" or "bounce"))
        {
            return TypedResults.NotFound();
        }

        await db.WriteAsync(
            connection => MailReports.Engage(connection, letter.To, kind, null, null, clock.GetUtcNow().ToUnixTimeMilliseconds()), cancel);
        return TypedResults.Redirect($"/sandbox/inbox/{id}?done={kind}");
    }

    private static Ok<MessageList> Messages(Letters letters, string? to, long? before, int? limit)
    {
        var size = Math.Clamp(limit ?? 50, 1, MaxItems);
        var found = letters.List(to, null, before, size + 1);
        return TypedResults.Ok(new MessageList(found.Take(size).ToList(), found.Count > size ? found[size - 1].Id : null));
    }

    private static string WithLinksOutside(string html)
    {
        const string Base = "<base target=\"_blank\">";
        var head = html.IndexOf("<head", StringComparison.OrdinalIgnoreCase);
        var end = head < 0 ? -1 : html.IndexOf('>', head);
        return end < 0 ? Base + html : html.Insert(end + 1, Base);
    }
}

/// <summary><c>next</c> is the <c>before</c> of the page after this.</summary>
internal sealed record MessageList(IReadOnlyList<Letter> Items, long? Next);
