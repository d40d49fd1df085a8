using Microsoft.Net.Http.Headers;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Gateway.Publications;

namespace Newsletter.Gateway.Tokens;

/// <summary>That a request came with an API key which is good here.</summary>
internal sealed record StaffKey;

/// <summary>Puts the internal token in the place of the session cookie or the API key.</summary>
internal sealed class CredentialMiddleware(RequestDelegate next, TokenExchange exchange, InternalListener internals)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            if (await ApplyAsync(http) is { } refusal)
            {
                await refusal.ExecuteAsync(http);
                return;
            }
        }
        catch (HttpRequestException)
        {
            http.Response.Headers.RetryAfter = "5";
            await Problem.Of(StatusCodes.Status503ServiceUnavailable, "Sign-in cannot be checked at the moment; try again.").ExecuteAsync(http);
            return;
        }
        await next(http);
    }

    private async Task<IResult?> ApplyAsync(HttpContext http)
    {
        var publication = http.Features.Get<PublicationHost>();
        var header = http.Request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer nl", StringComparison.OrdinalIgnoreCase))
        {
            var credential = header["Bearer ".Length..].Trim();
            var token = await exchange.ExchangeAsync(credential, publication?.Id, http.RequestAborted);
            if (token is null) return Problem.Unauthorized("The API key is not valid here.");
            http.Request.Headers.Authorization = $"Bearer {token}";
            // Readers have sessions; keys are made for staff alone.
            if (credential.StartsWith(SessionCookie.ApiKeyPrefix, StringComparison.Ordinal)) http.Features.Set(new StaffKey());
            return null;
        }
        // Our own processes speak for themselves or with somebody's credential, never with a cookie.
        var isOurs = internals is { Port: not null } && internals.IsInternal(http);
        if (header.Length > 0 || isOurs || publication is null) return null;
        var session = http.Request.Cookies[SessionCookie.NameFor(publication.BaseUrl, publication.Slug)];
        if (string.IsNullOrEmpty(session) || session.Length > 256) return null;
        if (http.Request.Path.StartsWithSegments("/api") && !IsOurPage(http.Request, publication)) return null;
        // A session that is over makes an anonymous visitor, not an error.
        if (await exchange.ExchangeAsync(session, publication.Id, http.RequestAborted) is { } good) http.Request.Headers.Authorization = $"Bearer {good}";
        return null;
    }

    /// <summary>A cookie authenticates the API only for the publication's own pages, and only with a JSON body.</summary>
    private static bool IsOurPage(HttpRequest request, PublicationHost publication)
    {
        var origin = publication.Address.GetLeftPart(UriPartial.Authority);
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            return request.Headers["Sec-Fetch-Site"] == "same-origin" || request.Headers[HeaderNames.Origin] == origin;
        return request.Headers[HeaderNames.Origin] == origin && request.HasJsonContentType();
    }
}
