using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Newsletter.Defaults.Telemetry;

/// <summary>
/// The console's own lines, with the trace that they belong to. Not as scopes, which would bring the request's path along: some paths are capabilities.
/// </summary>
internal sealed class TraceLine() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "trace";
    private const string Indent = "      ";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write($"{Word(logEntry.LogLevel)}: {logEntry.Category}");
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity) textWriter.Write($" trace={activity.TraceId}");
        textWriter.WriteLine();
        WriteIndented(textWriter, message);
        if (logEntry.Exception is { } exception) WriteIndented(textWriter, exception.ToString());
    }

    private static void WriteIndented(TextWriter writer, string text)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            writer.Write(Indent);
            writer.WriteLine(line);
        }
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}

internal static class TraceLogging
{
    private static int s_listens;

    /// <summary>Another formatter of the console's (<c>Logging__Console__FormatterName=json</c>) wins.</summary>
    public static void AddTraceLines(this WebApplicationBuilder builder)
    {
        if (builder.Configuration["Logging:Console:FormatterName"] is not null) return;
        builder.Logging.AddConsoleFormatter<TraceLine, ConsoleFormatterOptions>();
        builder.Services.Configure<ConsoleLoggerOptions>(options => options.FormatterName = TraceLine.FormatterName);
    }

    /// <summary>Where no span is exported, ids go on all the same: from a request through the outbox to the consumer, so that their log lines are found together.</summary>
    public static void PassTracesOn(params string[] sources)
    {
        if (Interlocked.Exchange(ref s_listens, 1) == 1) return;
        ActivitySource.AddActivityListener(new ActivityListener
        {
            ShouldListenTo = source => sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.PropagationData,
        });
    }
}
