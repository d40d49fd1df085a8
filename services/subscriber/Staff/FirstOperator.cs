using System.ComponentModel.DataAnnotations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Keys;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Staff;

/// <summary>Settings <c>Newsletter__Owner__…</c>: who runs the installation.</summary>
internal sealed class OwnerOptions
{
    [Required, StringLength(EmailAddress.MaxLength)]
    public string Email { get; set; } = "owner@example.com";

    /// <summary>Without one, a key is made at the first start and printed once.</summary>
    [RegularExpression("nlk_[A-Za-z0-9_-]{32,200}", ErrorMessage = "Newsletter__Owner__ApiKey must be nlk_ and at least 32 letters, digits, - or _.")]
    public string? ApiKey { get; set; }
}

/// <summary>Sees to it at every start that the owner of the settings is an operator and holds a key.</summary>
internal sealed class FirstOperator(IServiceScopeFactory scopes, IOptions<OwnerOptions> options, TimeProvider time) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!EmailAddress.TryParse(options.Value.Email, out var email)) throw new SettingException("Newsletter__Owner__Email", "is not an e-mail address.");
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SubscriberDb>();
        while (true)
        {
            try
            {
                await EnsureAsync(db, email, cancellationToken);
                return;
            }
            catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
            {
                // Another process of this service, started at the same time, was first.
                db.ChangeTracker.Clear();
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task EnsureAsync(SubscriberDb db, EmailAddress email, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var account = await db.StaffAccounts.SingleOrDefaultAsync(a => a.NormalisedEmail == email.Normalised, cancellation);
        if (account is null) db.Add(account = StaffAccount.Create(email, now, isOperator: true));
        account.MakeOperator();

        var configured = string.IsNullOrEmpty(options.Value.ApiKey) ? null : options.Value.ApiKey;
        string? made = null;
        var key = await db.ApiKeys.SingleOrDefaultAsync(k => k.Id == ApiKey.OwnersId, cancellation);
        if (key is null) db.Add(ApiKey.Owners(configured ?? (made = Secret.New(SessionCookie.ApiKeyPrefix)), account.Id, now));
        else if (configured is not null) key.Replace(configured);
        await db.SaveChangesAsync(cancellation);

        // To the terminal and not to the log, which is kept and sent elsewhere.
        if (made is not null) await Console.Out.WriteLineAsync($"The owner's API key, shown once: {made}");
    }
}
