using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Billing.Accounts;
using Newsletter.Billing.Checkouts;
using Newsletter.Billing.Ledger;
using Newsletter.Billing.Readers;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Subscriptions;
using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Storage;
using Newsletter.Defaults.Telemetry;
using Stripe;

namespace Newsletter.Billing.Webhooks;

/// <summary>Brings one kind of object over: reads it at Stripe and writes our rows, which the worker saves while the lease is still its own.</summary>
internal interface IObjectSync
{
    Task SyncAsync(SyncStep step, CancellationToken cancellation);
}

/// <summary>What a sync works with. <see cref="Raise"/> takes effect with the save.</summary>
internal sealed class SyncStep(PaymentAccount account, StripeClient stripe, string id, DateTimeOffset? happenedAt)
{
    private readonly List<(StripeKind Kind, string StripeId)> _raised = [];

    public PaymentAccount Account => account;
    public StripeClient Stripe => stripe;
    public string Id => id;
    /// <summary>The first event that told of what is brought over now; none when no event did.</summary>
    public DateTimeOffset? HappenedAt => happenedAt;
    public IReadOnlyList<(StripeKind Kind, string StripeId)> Raised => _raised;

    public void Raise(StripeKind kind, string stripeId) => _raised.Add((kind, stripeId));
}

/// <summary>Something that this object needs has not been brought over yet.</summary>
internal sealed class NotYetException(string what) : Exception(what);

/// <summary>Fetches what has news, a few objects side by side; any number of processes share the rows.</summary>
internal sealed partial class SyncWorker(IServiceScopeFactory scopes, SyncSignal signal, IOptions<SyncOptions> options, Schedules schedules, TimeProvider time, ILogger<SyncWorker> log)
    : BackgroundService
{
    private const int AtOnce = 50;
    private const int SideBySide = 4;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly Histogram<double> Duration = NewsletterTelemetry.Meter.CreateHistogram<double>(
        "newsletter.stripe.sync.duration", "s", "From the first news of an object to its state being ours",
        advice: new() { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600] });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var schedule = schedules.Of("billing", "stripe objects", Poll);
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = Poll;
            try
            {
                wait = await RoundAsync(stoppingToken);
                schedule.Ran();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                schedule.Failed(e);
                RoundFailed(e.GetBaseException().GetType().Name);
            }
            await signal.WaitAsync(wait, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Answers how long to wait for the next one.</summary>
    private async Task<TimeSpan> RoundAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var coming = await scope.ServiceProvider.GetRequiredService<SyncQueue>().DueAsync(AtOnce, Poll, cancellation);
        var now = time.GetUtcNow();
        var due = coming.Where(o => o.DueAt <= now).ToList();
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellation }, ProcessAsync);
        var untied = await scope.ServiceProvider.GetRequiredService<ReaderTies>().TieAsync(cancellation);
        if (due.Count > 0 || untied) return TimeSpan.Zero;
        return coming is [{ DueAt: { } next }, ..] && next < now + Poll ? next - now : Poll;
    }

    private async ValueTask ProcessAsync(StripeObject candidate, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var services = scope.ServiceProvider;
        if (await services.GetRequiredService<SyncQueue>().ClaimAsync(candidate, options.Value.Lease, cancellation) is not { } job) return;
        try
        {
            if (await SyncAsync(job, services, cancellation)) Duration.Record(Math.Max(0, (time.GetUtcNow() - job.RaisedAt).TotalSeconds));
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            var cause = e.GetBaseException().GetType().Name;
            var wait = WaitAfter(e, candidate.Attempts);
            if (wait >= Poll) SyncFailed(job.Kind, job.StripeId, candidate.Attempts + 1, e is StripeException s ? s.StripeError?.Code ?? s.HttpStatusCode.ToString() : cause);
            await using var fresh = scopes.CreateAsyncScope();
            await fresh.ServiceProvider.GetRequiredService<SyncQueue>().PostponeAsync(job, wait, cause, cancellation);
        }
    }

    /// <summary>False when the lease ran out on the way: then nothing was written.</summary>
    private static async Task<bool> SyncAsync(SyncJob job, IServiceProvider services, CancellationToken cancellation)
    {
        var accounts = services.GetRequiredService<StripeAccounts>();
        var db = services.GetRequiredService<BillingDb>();
        var queue = services.GetRequiredService<SyncQueue>();
        var account = await accounts.FindAsync(job.AccountId, cancellation) ?? throw new InvalidOperationException($"Payment account {job.AccountId} is gone.");
        if (!accounts.IsReachable(account)) throw new NotYetException("The settings hold the key of the other mode.");
        var step = new SyncStep(account, accounts.ClientOf(account), job.StripeId, await queue.HappenedAtAsync(job, cancellation));
        IObjectSync sync = job.Kind switch
        {
            StripeKind.CheckoutSession => services.GetRequiredService<CheckoutSync>(),
            StripeKind.Subscription => services.GetRequiredService<SubscriptionSync>(),
            StripeKind.Invoice => services.GetRequiredService<InvoiceSync>(),
            StripeKind.InvoicePayment => services.GetRequiredService<InvoicePaymentSync>(),
            StripeKind.Charge => services.GetRequiredService<ChargeSync>(),
            StripeKind.Refund => services.GetRequiredService<RefundSync>(),
            StripeKind.Dispute => services.GetRequiredService<DisputeSync>(),
            _ => throw new InvalidOperationException($"Nothing brings over a {job.Kind}."),
        };
        await sync.SyncAsync(step, cancellation);

        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (!await queue.FinishAsync(job, cancellation)) return false;
        foreach (var (kind, id) in step.Raised) await queue.RaiseAsync(job.AccountId, kind, id, cancellation);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    /// <summary>
    /// What waits for another object, or met another worker on a row, goes on after 0.1 s, 0.2 s, 0.4 s …; Stripe is asked again after 1 s, 2 s, 4 s … at most an hour.
    /// </summary>
    private static TimeSpan WaitAfter(Exception e, int attempts)
    {
        var ours = e is NotYetException or DbUpdateConcurrencyException || e is DbUpdateException update && DatabaseFailure.IsUniqueViolation(update);
        return TimeSpan.FromSeconds(Math.Min(3600, (ours ? 0.1 : 1) * Math.Pow(2, Math.Min(attempts, 16))));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue of Stripe's objects cannot be worked ({Reason}); trying again")]
    private partial void RoundFailed(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind} {StripeId} could not be brought over at attempt {Attempt} ({Reason})")]
    private partial void SyncFailed(StripeKind kind, string stripeId, int attempt, string reason);
}
