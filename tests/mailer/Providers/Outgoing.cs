using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Tests.Providers;

/// <summary>Batches to send.</summary>
internal static class Outgoing
{
    public static OutgoingBatch Batch(params OutgoingLetter[] letters) => new()
    {
        From = new("letters@scipapermill.example", "SciPapermill"),
        ReplyTo = new("editors@scipapermill.example"),
        Subject = "Deep learning this week",
        Html = $"<p>Hello</p><a href=\"https://scipapermill.example/unsubscribe?token={Placeholder.Unsubscribe}\">x</a>",
        Text = $"Hello. {Placeholder.Unsubscribe}",
        Headers = new Dictionary<string, string> { ["List-Id"] = "<posts.scipapermill.example>", ["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click" },
        Categories = ["edition", "post"],
        Letters = letters,
    };

    public static OutgoingLetter Letter(int n, string? address = null, string? name = null) => new()
    {
        Key = $"k{n}",
        To = new(address ?? $"reader{n}@example.com", name),
        MessageId = $"m{n}@scipapermill.example",
        Substitutions = new Dictionary<string, string> { [Placeholder.Unsubscribe] = $"TOKEN{n}", [Placeholder.Reader] = $"reader{n}" },
        Headers = new Dictionary<string, string> { ["List-Unsubscribe"] = $"<https://scipapermill.example/unsubscribe?token=TOKEN{n}&newsletter=posts>" },
        CustomArgs = new Dictionary<string, string> { [CustomArgs.Edition] = "e", [CustomArgs.Subscriber] = $"s{n}", [CustomArgs.Batch] = "b" },
    };

    public static OutgoingBatch Many(int count) => Batch([.. Enumerable.Range(0, count).Select(n => Letter(n))]);
}
