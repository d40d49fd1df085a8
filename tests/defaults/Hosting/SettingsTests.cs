using System.Diagnostics;

namespace Newsletter.Defaults.Tests.Hosting;

/// <summary>A service with a wrong setting, as a real process: it stops with one line that names the setting.</summary>
public sealed class SettingsTests
{
    private static readonly Dictionary<string, string> Good = new()
    {
        ["ConnectionStrings__subscriber"] = "Host=localhost;Database=none",
        ["ConnectionStrings__rabbitmq"] = "amqp://localhost",
        ["Services__Subscriber"] = "http://localhost:1",
        ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
    };

    [Theory]
    [InlineData("ConnectionStrings__subscriber", null, "is missing")]
    [InlineData("ConnectionStrings__subscriber", "nonsense", "is neither PostgreSQL's")]
    [InlineData("ConnectionStrings__subscriber", "Host=localhost;Pasword=hunter2", "is neither PostgreSQL's")]
    [InlineData("ConnectionStrings__rabbitmq", null, "is missing or is not an amqp:// address")]
    [InlineData("ConnectionStrings__rabbitmq", "http://localhost", "is missing or is not an amqp:// address")]
    [InlineData("Newsletter__Url", "nonsense", "The Url field is not a valid")]
    [InlineData("Newsletter__Sandbox", "hunter2", "is not a Boolean")]
    public async Task A_wrong_setting_stops_the_process_with_a_line_that_names_it(string setting, string? value, string problem)
    {
        var (exitCode, output, errors) = await RunAsync(setting, value);

        Assert.Equal(1, exitCode);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"Setting {setting}: {problem}", line, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", line, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string setting, string? value)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = AppContext.BaseDirectory };
        start.ArgumentList.Add(typeof(Subscriber.SubscriberService).Assembly.Location);
        foreach (var (name, good) in Good) start.Environment[name] = good;
        start.Environment[setting] = value;
        using var process = Process.Start(start)!;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var errors = process.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
        return (process.ExitCode, await output, await errors);
    }
}
