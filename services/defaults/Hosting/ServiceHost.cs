using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Health;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Pages;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Defaults.Hosting;

/// <summary>What every process does around its service.</summary>
public static class ServiceHost
{
    /// <summary>Runs one service as a process of its own. Answers the exit code: 1 when a setting is missing or malformed.</summary>
    public static Task<int> RunAsync(string[] args, string service, Action<WebApplicationBuilder> add, Action<WebApplication> map) =>
        GuardAsync(args, async () =>
        {
            var builder = WebApplication.CreateBuilder(args);
            builder.AddDefaults(service);
            add(builder);
            builder.AddRabbitMqBus();
            var app = builder.Build();
            app.UseDefaults();
            map(app);
            app.MapDefaults();
            await app.RunAsync();
        });

    /// <summary>Turns a wrong setting into one line on standard error, and answers <c>--health</c> calls of container health checks.</summary>
    public static async Task<int> GuardAsync(string[] args, Func<Task> run)
    {
        if (args is ["--health", ..]) return await HealthProbe.RunAsync();
        try
        {
            await run();
            return 0;
        }
        catch (OptionsValidationException e)
        {
            await Console.Error.WriteLineAsync(string.Join('\n', e.Failures));
            return 1;
        }
        catch (AggregateException several) when (several.InnerExceptions.All(e => e is OptionsValidationException))
        {
            await Console.Error.WriteLineAsync(string.Join('\n', several.InnerExceptions.SelectMany(e => ((OptionsValidationException)e).Failures)));
            return 1;
        }
        catch (SettingException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    public static void AddDefaults(this WebApplicationBuilder builder, string service)
    {
        builder.Services.AddSettings<NewsletterOptions>("Newsletter");
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ServiceDirectory>();
        builder.Services.AddSingleton<Schedules>();
        builder.Services.AddHttpClient();
        builder.Services.AddRazorComponents();
        builder.AddTelemetry(service);
        builder.AddProblems();
        builder.AddIdentity(service);
        builder.AddJson();
        builder.Services.AddHealthChecks();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1 << 20;
        });
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore.Model", LogLevel.Error);
        // A lost race is settled by whoever tried; what nobody settles is logged where it ends up.
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore.Update", LogLevel.None);
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore.Database.Command", LogLevel.None);
        // Keys at rest are as safe as the database that holds them; said in the README, not at every start.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        builder.Logging.AddFilter("System.Net.Http.HttpClient", LogLevel.Warning);
        builder.Logging.AddFilter("MassTransit", LogLevel.Warning);
    }

    /// <param name="beforeRouting">Middleware that may change the path.</param>
    public static void UseDefaults(this WebApplication app, Action<WebApplication>? beforeRouting = null)
    {
        // Before the host starts, which would log a page about it.
        app.Services.GetService<IStartupValidator>()?.Validate();
        app.UseProblems();
        beforeRouting?.Invoke(app);
        app.UseRouting();
        app.UseAccessRules();
        app.UseIdempotency();
        app.UseAudit();
        app.UseAntiforgery();
    }

    public static void MapDefaults(this WebApplication app)
    {
        app.MapHealth();
        app.MapPrometheusScrapingEndpoint("/metrics").ForLoopback();
        app.MapSiteAssets();
        app.MapOpenApi("/openapi/{documentName}.json").ForAnyone();
    }

    /// <summary>Binds a section to options that are checked, by their annotations, before the process starts to serve.</summary>
    public static OptionsBuilder<T> AddSettings<T>(this IServiceCollection services, string section) where T : class
    {
        services.AddSingleton<IConfigureOptions<T>>(provider => new SettingsCheck<T>(section, provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton<IValidateOptions<T>>(provider => new SettingsCheck<T>(section, provider.GetRequiredService<IConfiguration>()));
        return services.AddOptions<T>().ValidateOnStart();
    }

    /// <summary>Reads and checks a section now, for what must be decided while the process is built.</summary>
    public static T Settings<T>(this WebApplicationBuilder builder, string section) where T : class, new()
    {
        var options = new T();
        var check = new SettingsCheck<T>(section, builder.Configuration);
        check.Configure(options);
        var result = check.Validate(null, options);
        return result.Succeeded ? options : throw new OptionsValidationException(section, typeof(T), result.Failures);
    }
}
