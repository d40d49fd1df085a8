using System.Diagnostics;
using System.Net.Sockets;

namespace Newsletter.Benchmarks;

/// <summary>A closed-loop generator in this process: so many connections, each sends the next request when it has the last answer.</summary>
internal static class Load
{
    public static HttpClient Client() => new(new SocketsHttpHandler
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync("127.0.0.1", context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    /// <summary>Requests a second over the given time; throws when one is not answered with success.</summary>
    public static async Task<double> RateAsync(int connections, TimeSpan time, Func<HttpClient, int, Task<HttpResponseMessage>> send)
    {
        using var client = Client();
        var count = 0;
        var next = 0;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            while (watch.Elapsed < time)
            {
                using var answer = await send(client, Interlocked.Increment(ref next));
                if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{answer.RequestMessage!.RequestUri} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
                await answer.Content.CopyToAsync(Stream.Null);
                Interlocked.Increment(ref count);
            }
        }));
        return count / watch.Elapsed.TotalSeconds;
    }
}
