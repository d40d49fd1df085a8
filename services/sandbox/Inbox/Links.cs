using System.Text.RegularExpressions;

namespace Newsletter.Sandbox.Inbox;

internal static partial class Links
{
    /// <summary>A web address in running text, without the sentence's own punctuation after it.</summary>
    [GeneratedRegex(@"https?://[^\s<>""]*[^\s<>"".,;:!?)\]]")]
    public static partial Regex Address();
}
