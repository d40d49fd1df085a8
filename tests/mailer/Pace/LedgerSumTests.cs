using System.Globalization;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Tests.Pace;

/// <summary>
/// Whatever staff, operators and the provider do in whatever order while two mailers send an edition: its states add up to its audience at every look, nobody is mailed again
/// unless staff asked for it, and nobody is counted as mailed who was not. NEWSLETTER_LEDGER_SEED runs a sequence again, as far as the machine's own pace lets it.
/// </summary>
public sealed class LedgerSumTests
{
    private const int Steps = 25;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Its_states_add_up_at_every_look_and_copies_and_states_agree_at_the_end(bool isCancelled)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("NEWSLETTER_LEDGER_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        await using var story = await LedgerStory.BeginAsync(seed);

        for (var step = 0; step < Steps; step++) await story.StepAsync();
        if (isCancelled) await story.CancelAsync();
        var letters = await story.EndAsync();

        TestContext.Current.TestOutputHelper?.WriteLine($"{story}");
        Assert.All(letters, letter => Assert.True(letter.Copies <= 1 + letter.Resends, $"{letter} of {story}"));
        Assert.All(letters, letter => Assert.True(letter.Copies >= 1 || letter.State != DeliveryState.Accepted, $"{letter} of {story}"));
        // Who was mailed is known to have been, or nobody knows, or staff had it sent again and it was stopped or refused then; the provider refuses nothing that it has taken.
        Assert.All(letters, letter => Assert.True(letter.Copies == 0 || letter.State is DeliveryState.Accepted or DeliveryState.Uncertain || letter.Resends > 0, $"{letter} of {story}"));
        DeliveryState[] ends = isCancelled ? [DeliveryState.Accepted, DeliveryState.Failed, DeliveryState.Cancelled, DeliveryState.Uncertain] : [DeliveryState.Accepted, DeliveryState.Failed];
        Assert.All(letters, letter => Assert.Contains(letter.State, ends));
    }
}
