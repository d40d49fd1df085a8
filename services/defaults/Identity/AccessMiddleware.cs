using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Identity;

/// <summary>The one place where a call is let in: token, publication, role, origin.</summary>
internal sealed class AccessMiddleware(RequestDelegate next, TokenValidator tokens, InternalListener internals, IOptions<NewsletterOptions> newsletter)
{
    public async Task InvokeAsync(HttpContext http)
    {
        // Routing answers wrong methods and content types by endpoints of its own.
        if (http.GetEndpoint() is not RouteEndpoint endpoint)
        {
            await next(http);
            return;
        }
        var rule = endpoint.Metadata.GetMetadata<AccessRule>()
            ?? throw new InvalidOperationException($"Endpoint {endpoint.DisplayName} has no access rule.");
        if (await RefusalAsync(http, endpoint, rule) is { } refusal)
        {
            await refusal.ExecuteAsync(http);
            return;
        }
        await next(http);
    }

    private async Task<IResult?> RefusalAsync(HttpContext http, Endpoint endpoint, AccessRule rule)
    {
        switch (rule.Kind)
        {
            case AccessKind.Forwarded or AccessKind.OwnKeys:
                return null;
            case AccessKind.Services:
                return internals.IsInternal(http) ? null : Problem.NotFound();
            case AccessKind.Loopback:
                return internals.IsOwnMachine(http) ? null : Problem.NotFound();
        }

        Caller? caller = null;
        if (BearerOf(http.Request) is { } token)
        {
            caller = await tokens.ValidateAsync(token, http.RequestAborted);
            if (caller is null) return Problem.Unauthorized("The token is not valid.");
        }

        if (endpoint.Metadata.GetMetadata<PublicationScope>() is { } scope)
        {
            var db = (ServiceDb)http.RequestServices.GetRequiredService(scope.Db);
            var publication = await db.FindPublicationAsync((string)http.GetRouteValue("p")!, http.RequestAborted);
            if (publication is null) return Problem.NotFound("There is no such publication.");
            if (caller is not null && caller.PublicationId != publication.Id) return Problem.Forbidden("The token is for another publication.");
            http.Features.Set(new CurrentPublication(publication));
        }
        if (endpoint.Metadata.GetMetadata<SameOriginForm>() is not null
            && !CameFrom(http.Features.Get<CurrentPublication>()?.BaseUrl ?? newsletter.Value.Url, http.Request))
            return Problem.Forbidden("The form was sent from another site.");
        if (caller is not null) http.Features.Set(caller);

        IResult? refusal = rule.Kind switch
        {
            AccessKind.Readers when caller is null => SignIn(http),
            AccessKind.Readers when caller.Role != Role.Reader => Problem.Forbidden("This is for readers."),
            AccessKind.Staff when caller is null => Problem.Unauthorized("A token or an API key is needed."),
            AccessKind.Staff when !caller.May(rule.Permission!) => Problem.Forbidden($"The permission {rule.Permission} is needed."),
            _ => null,
        };
        return refusal ?? (http.Features.Get<CurrentPublication>() is { } current && IsClosed(current, endpoint, caller) ? Problem.Closed() : null);
    }

    /// <summary>Readers and strangers are shown nothing of a suspended publication; its staff are let in, to put in order what it was suspended for.</summary>
    private static bool IsClosed(CurrentPublication publication, Endpoint endpoint, Caller? caller) =>
        publication.Snapshot.Suspended && caller?.May(Permission.Operate) != true
        && !(endpoint.Metadata.GetMetadata<WhileSuspended>()?.IsOpen ?? caller is { IsStaff: true });

    private static string? BearerOf(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim() : null;
    }

    /// <summary>Browsers always say where a form comes from; a client that says nothing carries no one's cookies by mistake.</summary>
    private static bool CameFrom(string baseUrl, HttpRequest request)
    {
        if (request.Headers.TryGetValue("Sec-Fetch-Site", out var site)) return site == "same-origin" || site == "none";
        var origin = request.Headers[HeaderNames.Origin].ToString();
        return origin.Length == 0 || string.Equals(origin, new Uri(baseUrl).GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase);
    }

    private static IResult SignIn(HttpContext http)
    {
        var publication = http.Features.Get<CurrentPublication>();
        var wantsPage = HttpMethods.IsGet(http.Request.Method) && http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);
        return publication is not null && wantsPage
            ? Results.Redirect($"{publication.BaseUrl}/sign-in")
            : Problem.Unauthorized("Please sign in.");
    }
}
