using System.Diagnostics;
using Newsletter.Tests.Shelf;

// The shelf as a process that kills itself (SIGKILL, nothing is cleaned up) before or after a step of its outbox:
// database, broker or "-", the step's name or its beginning, "before" or "after".
if (args is not [var database, var broker, var step, var when])
{
    await Console.Error.WriteLineAsync("Usage: <database> <broker|-> <step> <before|after>");
    return 2;
}
using var listener = new ActivityListener
{
    ShouldListenTo = source => source.Name == "Newsletter.Outbox",
    Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
    ActivityStarted = activity => DieAt("before", activity),
    ActivityStopped = activity => DieAt("after", activity),
};
ActivitySource.AddActivityListener(listener);
await using var shelf = await ShelfProcess.StartAsync(
    database, broker == "-" ? null : new Uri(broker), consumers => { if (broker == "-") consumers.Add<PostRecorder>(); });
await Task.Delay(TimeSpan.FromSeconds(60));
await Console.Error.WriteLineAsync($"The step {step} did not come.");
return 1;

void DieAt(string moment, Activity activity)
{
    if (moment != when || !activity.OperationName.StartsWith(step, StringComparison.Ordinal)) return;
    // SIGKILL to oneself: the kernel does not come back from this call.
    Process.GetCurrentProcess().Kill();
}
