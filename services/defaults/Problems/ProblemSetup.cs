using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Problems;

internal static class ProblemSetup
{
    public static void AddProblems(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IProblemDetailsWriter, ProblemPages>();
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<ExceptionToProblem>();
        // Otherwise only development says what is wrong with a request.
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        // The handler logs what is ours to mend; the framework would log the rest at error level too.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None);
    }

    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
    }
}

/// <summary>What escaped a handler, as problem details: bad input 4xx, a lost race 409, a database that is away 503, the rest 500 without its text.</summary>
internal sealed partial class ExceptionToProblem(IProblemDetailsService problems, ILogger<ExceptionToProblem> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext http, Exception exception, CancellationToken cancellationToken)
    {
        var (status, detail) = exception switch
        {
            BadHttpRequestException { InnerException: JsonException json } => (StatusCodes.Status400BadRequest,
                $"The body is not the JSON that is expected here{(json.Path is null ? "" : $" (at {json.Path})")}."),
            BadHttpRequestException bad => (bad.StatusCode, bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? "The body is too large." : bad.Message),
            JsonException => (StatusCodes.Status400BadRequest, "The body is not valid JSON."),
            DbUpdateConcurrencyException => (StatusCodes.Status409Conflict, "Somebody else changed this at the same time; read it again."),
            _ when DatabaseFailure.IsAway(exception) => (StatusCodes.Status503ServiceUnavailable, "The database is away; try again in a moment."),
            KeysAwayException => (StatusCodes.Status503ServiceUnavailable, "Sign-in cannot be checked at the moment; try again."),
            OperationCanceledException when http.RequestAborted.IsCancellationRequested => (StatusCodes.Status499ClientClosedRequest, "The client went away."),
            _ => (StatusCodes.Status500InternalServerError, "Something went wrong on our side."),
        };
        if (status == StatusCodes.Status500InternalServerError) Unhandled(http.Features.Get<IExceptionHandlerFeature>()?.Endpoint?.DisplayName, exception);
        if (status == StatusCodes.Status503ServiceUnavailable) http.Response.Headers.RetryAfter = "5";
        http.Response.StatusCode = status;
        return await problems.TryWriteAsync(new() { HttpContext = http, Exception = exception, ProblemDetails = { Status = status, Detail = detail } });
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Endpoint} failed")]
    private partial void Unhandled(string? endpoint, Exception e);
}
