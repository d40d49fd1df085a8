namespace Newsletter.Mailer.Tests;

/// <summary>One mailer and its provider for a class of tests; each test makes a publication of its own.</summary>
public sealed class SendingFixture : IAsyncLifetime
{
    public MailerUnderTest Mailer { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Mailer = await MailerUnderTest.StartAsync();

    public ValueTask DisposeAsync() => Mailer.DisposeAsync();
}
