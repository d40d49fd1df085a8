using System.Diagnostics;

namespace Newsletter.Tests.Harness;

/// <summary>Waits for a condition with a deadline; a test never sleeps for a time of its own.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    public static Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? deadline = null) => TrueAsync(condition, () => what, deadline);

    /// <param name="what">Asked for when the time is up, so that it can tell what was seen until then.</param>
    public static Task TrueAsync(Func<Task<bool>> condition, Func<string> what, TimeSpan? deadline = null) =>
        GetAsync(async () => await condition() ? new object() : null, what, deadline);

    /// <summary>The first answer that is not null.</summary>
    public static Task<T> GetAsync<T>(Func<Task<T?>> read, string what, TimeSpan? deadline = null) where T : class => GetAsync(read, () => what, deadline);

    private static async Task<T> GetAsync<T>(Func<Task<T?>> read, Func<string> what, TimeSpan? deadline) where T : class
    {
        var limit = deadline ?? TimeSpan.FromSeconds(30);
        var watch = Stopwatch.StartNew();
        Exception? last = null;
        while (watch.Elapsed < limit)
        {
            try
            {
                if (await read() is { } answer) return answer;
                last = null;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException { InnerException: TimeoutException })
            {
                last = e;
            }
            await Task.Delay(Pause);
        }
        throw new TimeoutException($"Within {limit.TotalSeconds:0} s there was no: {what()}.", last);
    }
}
