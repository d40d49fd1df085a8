using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Storage;
using NodaTime;

namespace Newsletter.Mailer.Pace;

/// <summary>Counts an account's letters of the day against its plan, in the database. Days are those of the publication's zone; the installation's accounts have UTC's.</summary>
internal sealed class WarmUps(SharedClock clock)
{
    private const int MostTries = 50;

    /// <summary>How many of these letters may leave today; 0: none before <see cref="Tomorrow"/>.</summary>
    /// <param name="beyond">Takes them all, whatever the cap.</param>
    public async Task<int> TakeAsync(MailerDb db, Guid account, WarmUpPlan plan, DateTimeZone zone, int letters, bool beyond, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            var today = Today(zone);
            var row = await FindAsync(db, account, cancellation);
            var (step, cap, sent) = Standing(plan, row, today);
            if (cap is not { } most) return letters;
            var taken = beyond ? letters : Math.Min(letters, most - sent);
            if (taken <= 0) return 0;
            if (row is null) await BeginAsync(db, WarmUp.Of(account, today, most), cancellation);
            else if (await db.WarmUps.Where(w => w.AccountId == account && w.Day == row.Day && w.Sent == row.Sent && w.Step == row.Step).ExecuteUpdateAsync(s => s
                .SetProperty(w => w.Day, Math.Max(today, row.Day)).SetProperty(w => w.Step, step).SetProperty(w => w.Cap, most).SetProperty(w => w.Sent, sent + taken), cancellation) == 1) return taken;
            if (tries == MostTries) throw new InvalidOperationException($"The warm-up of account {account} is being counted by too many at once.");
        }
    }

    /// <summary>Letters that were not taken after all do not count.</summary>
    public Task GiveBackAsync(MailerDb db, Guid account, DateTimeZone zone, int letters, CancellationToken cancellation)
    {
        var today = Today(zone);
        return db.WarmUps.Where(w => w.AccountId == account && w.Day == today && w.Sent >= letters)
            .ExecuteUpdateAsync(s => s.SetProperty(w => w.Sent, w => w.Sent - letters), cancellation);
    }

    /// <summary>The account's plan begins anew.</summary>
    public static Task ForgetAsync(MailerDb db, Guid account, CancellationToken cancellation) => db.WarmUps.Where(w => w.AccountId == account).ExecuteDeleteAsync(cancellation);

    public async Task<WarmUpView> ViewAsync(MailerDb db, Guid account, WarmUpPlan plan, DateTimeZone zone, CancellationToken cancellation)
    {
        var (step, cap, sent) = Standing(plan, await FindAsync(db, account, cancellation), Today(zone));
        return new(step + 1, cap, sent, Tomorrow(zone));
    }

    public DateTimeOffset Tomorrow(DateTimeZone zone) => LocalDays.StartOf(LocalDays.Of(clock.Now, zone).AddDays(1), zone);

    private int Today(DateTimeZone zone) => LocalDays.Of(clock.Now, zone).DayNumber;

    /// <summary>A clock that goes back finds the later day's count.</summary>
    private static (int Step, int? Cap, int Sent) Standing(WarmUpPlan plan, WarmUp? row, int today)
    {
        if (row is null) return (0, plan.CapOf(0), 0);
        if (row.Day >= today) return (row.Step, plan.CapOf(row.Step), row.Sent);
        var step = row.Sent * 2 >= row.Cap ? row.Step + 1 : row.Step;
        return (step, plan.CapOf(step), 0);
    }

    private static Task<WarmUp?> FindAsync(MailerDb db, Guid account, CancellationToken cancellation) =>
        db.WarmUps.AsNoTracking().SingleOrDefaultAsync(w => w.AccountId == account, cancellation);

    private static async Task BeginAsync(MailerDb db, WarmUp row, CancellationToken cancellation)
    {
        var added = db.Add(row);
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            // Somebody else has begun it.
        }
        added.State = EntityState.Detached;
    }
}

/// <param name="Day">Of the plan, from 1.</param>
/// <param name="Cap">Today's; null: the plan is over.</param>
/// <param name="Sent">Today.</param>
/// <param name="NextAt">When the next day begins.</param>
internal sealed record WarmUpView(int Day, int? Cap, int Sent, DateTimeOffset NextAt);
