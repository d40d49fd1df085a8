namespace Newsletter.Sandbox.Customers;

public enum CardBehaviour
{
    Pays,
    Declined,
    NeedsAction,
    FailsLater,
}

/// <summary>Stripe's published test cards, as far as the sandbox plays them.</summary>
public sealed record TestCard(string Number, string Label, string Brand, CardBehaviour Behaviour, string DeclineCode = "generic_decline")
{
    public static readonly TestCard Good = new("4242424242424242", "Payment succeeds", "visa", CardBehaviour.Pays);

    public static readonly TestCard FailsLater = new("4000000000000341", "Succeeds now, later charges fail", "visa", CardBehaviour.FailsLater);

    public static readonly IReadOnlyList<TestCard> All =
    [
        Good,
        new("4000002500003155", "Asks for authentication (3D Secure)", "visa", CardBehaviour.NeedsAction),
        new("4000000000000002", "Card is declined", "visa", CardBehaviour.Declined),
        new("4000000000009995", "Declined: insufficient funds", "visa", CardBehaviour.Declined, "insufficient_funds"),
        FailsLater,
    ];

    public string Last4 => Number[^4..];

    public string Spaced => string.Join(' ', Number.Chunk(4).Select(part => new string(part)));

    public string DeclineMessage => DeclineCode == "insufficient_funds" ? "Your card has insufficient funds." : "Your card was declined.";

    public static TestCard? ByNumber(string? number) =>
        All.FirstOrDefault(card => card.Number == number?.Replace(" ", "", StringComparison.Ordinal));

    public static TestCard ByLast4(string? last4) => All.FirstOrDefault(card => card.Last4 == last4) ?? Good;
}
