using System.Diagnostics;
using System.Diagnostics.Metrics;
using MassTransit.Logging;
using MassTransit.Monitoring;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Newsletter.Defaults.Telemetry;

/// <summary>One activity source and one meter for all of our own telemetry. Labels are bounded and never personal.</summary>
public static class NewsletterTelemetry
{
    public const string Name = "Newsletter";
    public static ActivitySource Activities { get; } = new(Name);
    public static Meter Meter { get; } = new(Name);
}

internal static class TelemetrySetup
{
    private static readonly string[] Sources = [NewsletterTelemetry.Name, "Newsletter.Outbox", DiagnosticHeaders.DefaultListenerName];

    /// <summary>Prometheus at <c>/metrics</c> always; traces and metrics over OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.</summary>
    public static void AddTelemetry(this WebApplicationBuilder builder, string service)
    {
        var exports = !string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(r => r.AddService(service, "newsletter"))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(NewsletterTelemetry.Name, InstrumentationOptions.MeterName, "Npgsql")
                    .AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddRuntimeInstrumentation()
                    // The SDK sets 2,000 places aside for each of some eighty instruments, 12 MB in all; only those that are told by route need as many.
                    .AddView(instrument => instrument.Meter.Name is "Microsoft.AspNetCore.Hosting" ? null : new() { CardinalityLimit = 200 })
                    .AddPrometheusExporter();
                if (exports) metrics.AddOtlpExporter();
            });
        builder.AddTraceLines();
        // Spans that nobody would get are not made.
        if (!exports)
        {
            TraceLogging.PassTracesOn(Sources);
            return;
        }
        telemetry.WithTracing(tracing => tracing
            .AddSource(Sources)
            .AddAspNetCoreInstrumentation(o => o.Filter = http => !IsNoise(http.Request.Path))
            .AddHttpClientInstrumentation().AddNpgsql()
            .AddProcessor(new CapabilityRedaction())
            .AddOtlpExporter());
    }

    private static bool IsNoise(PathString path) =>
        path.StartsWithSegments("/health") || path.StartsWithSegments("/metrics") || path.StartsWithSegments("/assets");
}
