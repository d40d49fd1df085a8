using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tests.Providers;

namespace Newsletter.Mailer.Tests;

/// <summary>Addresses from the corners of RFC 5321. Subscriber refuses most of the bad ones; what comes all the same must not cost anybody else their letter.</summary>
public sealed class AddressTests
{
    private static readonly string LongestLocal = new('a', 64);

    private static readonly string[] Good =
    [
        "plain@example.com", "reader+tag@example.com", $"{LongestLocal}@example.com", "o'neill@example.com", "a!#$%&*/=?^_`{|}~-b@example.com", "\"quoted.local\"@example.com",
        "\"two..dots\"@example.com", "x@xn--bcher-kva.example", "x@bücher.example", $"b@{string.Join('.', Enumerable.Repeat(new string('c', 48), 5))}.example", "UPPER@Example.COM", "1@2.example",
    ];

    private static readonly string[] Bad =
    [
        $"{LongestLocal}a@example.com", $"b@{string.Join('.', Enumerable.Repeat(new string('c', 48), 5))}.examples", "\"with space\"@example.com", "no-at-sign", "@example.com", "nobody@",
        "a@b.example,c@d.example", "a@b.example;c@d.example", "<a@b.example>", ".leading@example.com", "trailing.@example.com", "two..dots@example.com", "a(comment)@example.com", "a@example.com(comment)", "a@example.com.", "a\r\nRCPT TO:<c@d.example>@b.example", $"{new string('é', 33)}@example.com",
    ];

    [Theory]
    [InlineData("sendgrid")]
    [InlineData("smtp")]
    [InlineData("ses")]
    public async Task Bad_ones_bounce_alone_and_all_others_get_their_letter(string provider)
    {
        await using var smtp = new FakeSmtp();
        await using var ses = await FakeSes.StartAsync();
        await using var mailer = await MailerUnderTest.StartAsync(settings:
        [
            new("Mail:Provider", provider), new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{smtp.Port}"), new("Smtp:Security", "None"),
            new("Ses:AccessKey", FakeSes.AccessKey), new("Ses:SecretKey", FakeSes.SecretKey), new("Ses:Region", FakeSes.Region), new("Ses:ApiBase", ses.Address),
        ]);
        var publication = await mailer.PublicationAsync();
        var readers = Good.Concat(Bad).Select((address, at) => publication.Reader($"r{at}") with { Email = address, NormalisedEmail = address.ToLowerInvariant() }).ToArray();
        await publication.TellAsync(readers);

        var edition = await publication.PublishAsync(publication.Post("To the corners"));

        await mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, Good.Length), (DeliveryState.Bounced, Bad.Length));
        await mailer.SentAsync(edition.Id);
        var reached = provider switch
        {
            "sendgrid" => mailer.Provider.Of(edition).Select(m => m.To),
            "smtp" => smtp.Letters,
            _ => ses.Letters.SelectMany(l => l.Message.To.Mailboxes).Select(m => m.Address),
        };
        Assert.Equal(Good.Select(InAscii).Order(StringComparer.Ordinal), reached.Select(InAscii).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("sendgrid")]
    [InlineData("smtp")]
    public async Task An_edition_that_nobody_is_to_get_is_sent_at_once_and_calls_nobody(string provider)
    {
        await using var smtp = new FakeSmtp();
        await using var mailer = await MailerUnderTest.StartAsync(settings: [new("Mail:Provider", provider), new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{smtp.Port}"), new("Smtp:Security", "None")]);
        var publication = await mailer.PublicationAsync();

        var edition = await mailer.SentAsync((await publication.PublishAsync(publication.Post("To nobody"))).Id);

        Assert.Equal((0, 0, 0), (edition.Recipients, mailer.Provider.Calls, smtp.Connections));
        Assert.Null(edition.FirstAcceptedAt);
    }

    private static string InAscii(string address)
    {
        var at = address.LastIndexOf('@');
        return $"{address[..at]}@{MailDomain.Of(address)}";
    }
}
