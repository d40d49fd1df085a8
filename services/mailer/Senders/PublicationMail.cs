using Newsletter.Mailer.Providers;
using NodaTime;

namespace Newsletter.Mailer.Senders;

/// <summary>How a publication's letters leave: through which accounts, and from whom.</summary>
/// <param name="Rate">Letters of editions a second, if operators set one.</param>
/// <param name="Zone">The publication's.</param>
internal sealed record PublicationMail(ProviderRoute Route, IReadOnlyList<KnownSender> Senders, double? Rate, DateTimeZone Zone)
{
    /// <summary>By which an account's days are counted: its publication's; of the installation's, UTC.</summary>
    public DateTimeZone ZoneOf(ProviderAccount account) => account.IsInstallations ? DateTimeZone.Utc : Zone;

    /// <summary>The newsletter's own sender or the publication's, if letters of this provider may carry it.</summary>
    public KnownSender? SenderFor(Guid? newsletter, string provider) =>
        Senders.Where(s => s.VerifiedFor.Contains(provider) && (s.NewsletterId is null || s.NewsletterId == newsletter)).MaxBy(s => s.NewsletterId is not null);
}

/// <param name="VerifiedFor">The providers for whose letters DNS is set up.</param>
/// <param name="Dkim">The domain's own key, where we sign.</param>
internal sealed record KnownSender(Guid? NewsletterId, MailAddress From, string? ReplyTo, IReadOnlyList<string> VerifiedFor, DkimSigning? Dkim);
