using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>The database's clock, on which as much time has passed as a test says; where it lets one machine's clock jump, it does not.</summary>
internal sealed class PassingClock(IServiceScopeFactory scopes, TimeProvider time) : SharedClock(scopes, time)
{
    protected override async Task<DateTimeOffset> AskAsync(MailerDb db, CancellationToken cancellation)
    {
        // What passes while it answers is counted on from when it was asked.
        var passed = ((ShiftedTime)Time).Passed;
        return await base.AskAsync(db, cancellation) + passed;
    }
}
