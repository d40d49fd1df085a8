using System.Security.Claims;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Newsletter.Console.Api;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Problems;

namespace Newsletter.Console.SignIn;

/// <summary>
/// Lets staff in to the console's pages and their connection, and nobody else: a reader's cookie opens nothing here.
/// What somebody may do there is decided by the API at every call.
/// </summary>
internal sealed class ConsoleDoor(RequestDelegate next, Accounts accounts, IOptions<NewsletterOptions> newsletter)
{
    public async Task InvokeAsync(HttpContext http)
    {
        var path = http.Request.Path;
        var isPage = path.StartsWithSegments("/console");
        if (!isPage && !path.StartsWithSegments("/_blazor"))
        {
            await next(http);
            return;
        }
        // Links are built from the stored address, whatever the request says.
        var own = new Uri(newsletter.Value.Url);
        (http.Request.Scheme, http.Request.Host) = (own.Scheme, new HostString(own.Authority));
        if (!isPage && http.Request.Headers[HeaderNames.Origin] is [{ } origin] && origin != own.GetLeftPart(UriPartial.Authority))
        {
            await Problem.Forbidden("The connection was asked for by another site.").ExecuteAsync(http);
            return;
        }
        var headers = http.Response.Headers;
        if (isPage) Protect(headers);
        if (path.StartsWithSegments("/console/assets") || path.StartsWithSegments("/console/sign-in") || path.StartsWithSegments("/console/sign-out"))
        {
            await next(http);
            return;
        }
        headers.CacheControl = "private, no-store";
        var url = newsletter.Value.Url;
        try
        {
            if (ConsoleCookie.Read(http.Request, url) is { } session && await accounts.FindAsync(session, ClientAddress.Of(http), http.RequestAborted) is { } account)
            {
                http.User = StaffSession.PrincipalOf(account, session, ClientAddress.Of(http));
                await next(http);
                return;
            }
        }
        catch (ApiException e) when (e.Status >= 500)
        {
            headers.RetryAfter = "5";
            await Problem.Of(StatusCodes.Status503ServiceUnavailable, "Sign-in cannot be checked at the moment; try again.").ExecuteAsync(http);
            return;
        }
        if (!isPage || !HttpMethods.IsGet(http.Request.Method)) await Problem.Unauthorized("This is for staff.").ExecuteAsync(http);
        else http.Response.Redirect($"/console/sign-in?return={Uri.EscapeDataString(path + http.Request.QueryString)}");
    }

    /// <summary>Like the reader pages', but MudBlazor places its popovers and paints its bars with style attributes.</summary>
    private static void Protect(IHeaderDictionary headers)
    {
        headers[HeaderNames.ContentSecurityPolicy] = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: http: https:; "
            + "font-src 'self'; connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'";
        headers["Referrer-Policy"] = "no-referrer";
    }
}
