using Newsletter.Contracts;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Pages;

namespace Newsletter.Subscriber.SignUp;

/// <summary>The sign-up page's form, empty or as it came back.</summary>
public sealed record SignUpForm(PublicationSnapshot Publication, IReadOnlyList<string> Offered)
{
    public string? Email { get; private init; }
    public string? Name { get; private init; }
    public Cadence Cadence { get; private init; } = Cadence.Weekly;
    public IReadOnlyList<string> Topics { get; private init; } = [];
    public string Source { get; private init; } = "subscribe-page";
    public string? EmailError { get; private init; }
    public string? NameError { get; private init; }

    public bool HasErrors => EmailError is not null || NameError is not null;

    /// <summary>What is wrong in fields that people type is told; what only a tampered form can hold is put right.</summary>
    internal SignUpForm Read(IFormCollection form, out EmailAddress? address)
    {
        var name = form["name"].ToString();
        var topics = form.Slugs("topics");
        var source = form["source"].ToString();
        return this with
        {
            Email = form["email"],
            EmailError = EmailAddress.TryParse(form["email"], out address) ? null : "This does not look like a complete address, such as name@example.com.",
            Name = name,
            NameError = Rules.IsName(name) ? null : "A name has at most 100 characters, and none that does not print.",
            Cadence = form.Cadence() ?? Cadence.Weekly,
            Topics = topics,
            Source = Rules.IsSource(source) ? source : Source,
        };
    }

    internal Wish ToWish() => new(Rules.CleanName(Name), Publication.NewslettersOf(Cadence), Topics, null, Source);
}
