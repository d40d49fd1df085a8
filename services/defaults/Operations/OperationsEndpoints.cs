using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;
using RabbitMQ.Client.Exceptions;

namespace Newsletter.Defaults.Operations;

public static class OperationsEndpoints
{
    private const int MostIds = 1000;
    private const string BrokerAway = "The message broker is away; try again in a moment.";

    /// <summary>For operators: how a service does, what failed in it, and that again. Below <c>/api/v1/operations/{service}</c>, which it answers.</summary>
    public static RouteGroupBuilder MapOperations<TDb>(this WebApplication app, string service) where TDb : ServiceDb
    {
        var operations = app.MapGroup($"/api/v1/operations/{service}").WithTags("Operations");
        operations.MapGet("", (HttpContext http, CancellationToken cancellation) => ShowAsync<TDb>(service, http, cancellation)).ForStaff(Permission.Operate);
        operations.MapGet("/errors", (HttpContext http, string? queue, int? limit, CancellationToken cancellation) =>
            ErrorsAsync<TDb>(service, http, queue, Math.Clamp(limit ?? 50, 1, 100), cancellation)).ForStaff(Permission.Operate);
        operations.MapPost("/errors/replay", (HttpContext http, ReplayRequest request, CancellationToken cancellation) =>
            ReplayAsync<TDb>(service, http, request, cancellation)).ForStaff(Permission.Operate).AuditedIn<TDb>();
        return operations;
    }

    private static async Task<Ok<OperationView>> ShowAsync<TDb>(string service, HttpContext http, CancellationToken cancellation) where TDb : ServiceDb
    {
        var services = http.RequestServices;
        var rows = services.GetRequiredService<OutboxRows<TDb>>();
        var health = await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(
            check => check.Name == StorageSetup.HealthCheckOf(service) || !check.Name.StartsWith(StorageSetup.HealthCheckOf(""), StringComparison.Ordinal), cancellation);
        var (queues, problem) = await QueuesAsync(service, services, rows, cancellation);
        var schedules = services.GetRequiredService<Schedules>().All.Where(s => s.Service == service);
        using var process = Process.GetCurrentProcess();
        return TypedResults.Ok(new OperationView(
            service, VersionOf(typeof(TDb).Assembly), process.StartTime.ToUniversalTime(), health.Status == HealthStatus.Healthy,
            await rows.SummaryAsync(cancellation), queues, problem,
            [.. schedules.Select(s => new ScheduleView(s.Name, s.LastRunAt, s.NextRunAt, s.Error))]));
    }

    private static async Task<(IReadOnlyList<QueueView>? Queues, string? Problem)> QueuesAsync<TDb>(
        string service, IServiceProvider services, OutboxRows<TDb> rows, CancellationToken cancellation) where TDb : ServiceDb
    {
        if (services.GetService<BrokerQueues>() is not { } broker) return (await rows.QueuesAsync(cancellation), null);
        try
        {
            return (await broker.DepthsAsync(service, cancellation), null);
        }
        catch (Exception e) when (Broker.IsAway(e))
        {
            return (null, BrokerAway);
        }
    }

    /// <summary>Oldest first within each queue.</summary>
    private static async Task<Results<Ok<FailureList>, ProblemHttpResult>> ErrorsAsync<TDb>(
        string service, HttpContext http, string? queue, int limit, CancellationToken cancellation) where TDb : ServiceDb
    {
        var rows = await http.RequestServices.GetRequiredService<OutboxRows<TDb>>().FailingAsync(queue, limit, cancellation);
        if (http.RequestServices.GetService<ErrorQueues>() is not { } broker) return TypedResults.Ok(new FailureList(rows));
        try
        {
            var messages = await broker.ListAsync(broker.Named(service, queue), limit - rows.Count, cancellation);
            return TypedResults.Ok(new FailureList([.. messages, .. rows]));
        }
        catch (Exception e) when (Broker.IsAway(e))
        {
            return Away(http);
        }
    }

    private static async Task<Results<Ok<ReplayAnswer>, ValidationProblem, ProblemHttpResult>> ReplayAsync<TDb>(
        string service, HttpContext http, ReplayRequest request, CancellationToken cancellation) where TDb : ServiceDb
    {
        if (request.Queue is not { Length: > 0 and <= 200 } queue) return Problem.Field("queue", "Which queue?");
        if (request.Ids is { Count: > MostIds }) return Problem.Field("ids", $"At most {MostIds} at a time.");
        if (http.RequestServices.GetService<ErrorQueues>() is { } broker && broker.Named(service, queue) is { Count: > 0 } queues)
        {
            try
            {
                return Replayed(await broker.ReplayAsync(queues, request.Ids?.ToHashSet(StringComparer.Ordinal), cancellation));
            }
            catch (PublishException e) when (e.IsReturn)
            {
                return Problem.Conflict("The queue that it came from is not there; start its service first.");
            }
            catch (Exception e) when (Broker.IsAway(e))
            {
                return Away(http);
            }
        }
        var ids = request.Ids?.Select(id => Guid.TryParse(id, out var row) ? row : Guid.Empty).ToList();
        return Replayed(await http.RequestServices.GetRequiredService<OutboxRows<TDb>>().RetryAsync(queue, ids, cancellation));

        Ok<ReplayAnswer> Replayed(int count)
        {
            http.RequestServices.GetRequiredService<TDb>().Note("queue", queue, "replayed", null, count.ToString(CultureInfo.InvariantCulture));
            return TypedResults.Ok(new ReplayAnswer(count));
        }
    }

    private static ProblemHttpResult Away(HttpContext http)
    {
        http.Response.Headers.RetryAfter = "5";
        return Problem.Of(StatusCodes.Status503ServiceUnavailable, BrokerAway);
    }

    private static string VersionOf(Assembly assembly) => assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
}
