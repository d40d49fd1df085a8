using System.Net.Http.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Newsletter.Console.Api;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;

namespace Newsletter.Console.SignIn;

/// <summary>Staff prove their mailbox by the link or by the code of one mail. The pages work without script.</summary>
internal static class SignInEndpoints
{
    public static void MapSignIn(this WebApplication app)
    {
        var pages = app.MapGroup("/console").ExcludeFromDescription();
        pages.MapGet("/sign-in", Show).ForAnyone();
        pages.MapPost("/sign-in", AskAsync).ForAnyone().FromSameOrigin().DisableAntiforgery();
        pages.MapPost("/sign-in/code", EnterByCodeAsync).ForAnyone().FromSameOrigin().DisableAntiforgery();
        pages.MapPost("/sign-in/link", EnterByLinkAsync).ForAnyone().FromSameOrigin().DisableAntiforgery();
        pages.MapPost("/sign-out", LeaveAsync).ForAnyone().FromSameOrigin().DisableAntiforgery();
    }

    /// <summary>Looking uses nothing up: mail scanners open every link.</summary>
    private static RazorComponentResult<SignInPage> Show(string? token, string? @return) => Page(new() { Token = token, Return = Safe(@return) });

    private static async Task<IResult> AskAsync(HttpContext http, IFormCollection form, IHttpClientFactory clients, ServiceDirectory services, CancellationToken cancellation)
    {
        var step = new SignInStep { Email = form["email"].ToString().Trim(), Return = Safe(form["return"]) };
        try
        {
            using var _ = await CallOf(http, clients, services).SendAsync(HttpMethod.Post, "account/sign-in", JsonContent.Create(new { step.Email }), null, cancellation);
            return Page(step with { IsSent = true });
        }
        catch (ApiException e)
        {
            return Page(step with { Error = e.Message }, e.Status);
        }
    }

    private static Task<IResult> EnterByCodeAsync(
        HttpContext http, IFormCollection form, IHttpClientFactory clients, ServiceDirectory services, IOptions<NewsletterOptions> newsletter, CancellationToken cancellation)
    {
        var step = new SignInStep { Email = form["email"].ToString().Trim(), IsSent = true, Return = Safe(form["return"]) };
        var code = string.Concat(form["code"].ToString().Where(char.IsAsciiDigit));
        return EnterAsync(http, clients, services, newsletter.Value.Url, step, new { step.Email, Code = code }, cancellation);
    }

    private static Task<IResult> EnterByLinkAsync(
        HttpContext http, IFormCollection form, IHttpClientFactory clients, ServiceDirectory services, IOptions<NewsletterOptions> newsletter, CancellationToken cancellation) =>
        EnterAsync(http, clients, services, newsletter.Value.Url, new() { Return = Safe(form["return"]) }, new { Token = form["token"].ToString() }, cancellation);

    private static async Task<IResult> EnterAsync(
        HttpContext http, IHttpClientFactory clients, ServiceDirectory services, string url, SignInStep step, object proof, CancellationToken cancellation)
    {
        try
        {
            using var answer = await CallOf(http, clients, services).SendAsync(HttpMethod.Post, "account/session", JsonContent.Create(proof), headers =>
                headers.TryAddWithoutValidation("User-Agent", http.Request.Headers.UserAgent.ToString()), cancellation);
            var session = (await answer.Content.ReadFromJsonAsync<StaffSessionAnswer>(Json.Options, cancellation))!;
            ConsoleCookie.Write(http.Response, url, session.Session, session.ExpiresAt);
            return SeeOther(step.Return ?? "/console");
        }
        catch (ApiException e)
        {
            return Page(step with { Error = e.Message }, e.Status);
        }
    }

    private static async Task<IResult> LeaveAsync(
        HttpContext http, IHttpClientFactory clients, ServiceDirectory services, Accounts accounts, IOptions<NewsletterOptions> newsletter, CancellationToken cancellation)
    {
        var url = newsletter.Value.Url;
        if (ConsoleCookie.Read(http.Request, url) is { } session)
        {
            accounts.SignOut(session);
            try
            {
                using var _ = await new ApiCall(clients, services, session, ClientAddress.Of(http)).SendAsync(HttpMethod.Delete, "account/session", null, null, cancellation);
            }
            catch (ApiException e) when (e.Status == StatusCodes.Status401Unauthorized)
            {
                // It was over already.
            }
        }
        ConsoleCookie.Delete(http.Response, url);
        return SeeOther("/console/sign-in");
    }

    private static ApiCall CallOf(HttpContext http, IHttpClientFactory clients, ServiceDirectory services) => new(clients, services, null, ClientAddress.Of(http));

    private static SeeOtherResult SeeOther(string address) => new(address);

    private static RazorComponentResult<SignInPage> Page(SignInStep step, int status = StatusCodes.Status200OK) =>
        new(new Dictionary<string, object?> { [nameof(SignInPage.Step)] = step }) { StatusCode = status, PreventStreamingRendering = true };

    /// <summary>Only to our own pages; "//evil.example" and "/\evil.example" are none.</summary>
    private static string? Safe(string? address) =>
        address is { Length: < 2000 } && (address == "/console" || address.StartsWith("/console/", StringComparison.Ordinal)) && !address.Contains('\\', StringComparison.Ordinal) ? address : null;

    private sealed class SeeOtherResult(string address) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = address;
            httpContext.Response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }
    }
}

/// <summary>How far somebody is.</summary>
public sealed record SignInStep
{
    public string? Email { get; init; }
    /// <summary>Of the link in the mail.</summary>
    public string? Token { get; init; }
    public string? Return { get; init; }
    public bool IsSent { get; init; }
    public string? Error { get; init; }
}
