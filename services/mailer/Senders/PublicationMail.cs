using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Senders;

/// <summary>How a publication's letters leave: through which accounts, and from whom.</summary>
internal sealed record PublicationMail(ProviderRoute Route, IReadOnlyList<KnownSender> Senders)
{
    /// <summary>The newsletter's own sender or the publication's, if letters of this provider may carry it.</summary>
    public KnownSender? SenderFor(Guid? newsletter, string provider) =>
        Senders.Where(s => s.VerifiedFor.Contains(provider) && (s.NewsletterId is null || s.NewsletterId == newsletter)).MaxBy(s => s.NewsletterId is not null);
}

/// <param name="VerifiedFor">The providers for whose letters DNS is set up.</param>
/// <param name="Dkim">The domain's own key, where we sign.</param>
internal sealed record KnownSender(Guid? NewsletterId, MailAddress From, string? ReplyTo, IReadOnlyList<string> VerifiedFor, DkimSigning? Dkim);
