using Newsletter.Seeds;

// Newsletter.Seeds --url http://localhost:8080 [--key nlk_…] [--folder seeds/scipapermill]
// A key on a command line can be read by everybody on the machine, so scripts leave it in the environment.
string? Argument(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

if (Argument("--url") is not { } url || !Uri.TryCreate(url, UriKind.Absolute, out var address) || (Argument("--key") ?? Environment.GetEnvironmentVariable("Newsletter__Owner__ApiKey")) is not { } key)
{
    await Console.Error.WriteLineAsync("Usage: --url ADDRESS [--key OPERATOR_KEY, or Newsletter__Owner__ApiKey] [--folder FOLDER]");
    return 2;
}
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
try
{
    await SeedLoader.LoadAsync(address, key, Argument("--folder") ?? SeedLoader.ShippedFolder, stop.Token);
    return 0;
}
catch (Exception e) when (e is HttpRequestException or TimeoutException or FormatException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
