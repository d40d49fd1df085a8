using Newsletter.Contracts;

namespace Newsletter.Mailer.Templates;

/// <summary>Writes mail to one person about their own doings. Nothing in it is tracked.</summary>
internal static class TransactionalRenderer
{
    private const string SubjectLine = "Subject: ";

    /// <param name="values">As <see cref="SendTransactionalMail.Values"/>: <c>link</c>, <c>code</c>, …</param>
    public static Letter Render(TransactionalFrame frame, TransactionalTemplate template, IReadOnlyDictionary<string, string> values)
    {
        (frame, values) = (Placeholder.Defuse(frame), Placeholder.Defuse(values.ToDictionary()));
        var view = new NoticeView(frame, values);
        var file = FileOf(template);
        var text = LiquidTemplates.RenderText(file, view);
        var firstLine = text.IndexOf('\n', StringComparison.Ordinal);
        if (!text.StartsWith(SubjectLine, StringComparison.Ordinal)) throw new InvalidOperationException($"{file}.text.liquid does not begin with its subject.");
        var subject = Subject.Of(text[SubjectLine.Length..firstLine]);
        return new(
            subject,
            LiquidTemplates.RenderHtml("notice", view with { Title = subject, Body = new Markup(LiquidTemplates.RenderHtml(file, view)) }),
            LiquidTemplates.RenderText("notice", view with { Body = new Markup(text[(firstLine + 1)..].Trim()) }));
    }

    private static string FileOf(TransactionalTemplate template) => template switch
    {
        TransactionalTemplate.Confirmation => "confirmation",
        TransactionalTemplate.SignIn => "sign-in",
        TransactionalTemplate.StaffSignIn => "staff-sign-in",
        TransactionalTemplate.AddressChange => "address-change",
        TransactionalTemplate.Receipt => "receipt",
        TransactionalTemplate.PaymentFailed => "payment-failed",
        TransactionalTemplate.MembershipEnding => "membership-ending",
        TransactionalTemplate.Gift => "gift",
        TransactionalTemplate.AlreadySubscribed => "already-subscribed",
        _ => throw new ArgumentOutOfRangeException(nameof(template), template, "There is no such template."),
    };

    private sealed record NoticeView
    {
        public NoticeView(TransactionalFrame frame, IReadOnlyDictionary<string, string> values)
        {
            (Name, BaseUrl, Language, PostalAddress, Values) = (frame.Name, frame.BaseUrl, frame.Language, frame.PostalAddress, values);
            (Accent, AccentDark) = (Templates.Accent.OnPaper(frame.Accent), Templates.Accent.OnNight(frame.Accent));
            Initial = FrameView.InitialOf(frame.Name);
            Unsubscribe = values.GetValueOrDefault("unsubscribe", "");
        }

        public string Name { get; }
        public string BaseUrl { get; }
        public string Language { get; }
        public string PostalAddress { get; }
        public string Accent { get; }
        public string AccentDark { get; }
        public string Initial { get; }
        public string Unsubscribe { get; }
        public IReadOnlyDictionary<string, string> Values { get; }
        public string Title { get; init; } = "";
        public Markup Body { get; init; } = new("");
    }
}
