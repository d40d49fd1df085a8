using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Pace;

/// <summary>Several publications at once. Bug class: one that waits behind another's letters, or behind its slow server.</summary>
public sealed class FairShareTests
{
    [Fact]
    public async Task A_second_publication_does_not_wait_for_the_end_of_the_firsts_edition()
    {
        using var answers = new SemaphoreSlim(21);
        await using var server = new FakeSmtp { BeforeAnswer = (_, to) => to.StartsWith("small", StringComparison.Ordinal) ? Task.CompletedTask : answers.WaitAsync() };
        await using var mailer = await MailerUnderTest.StartAsync(settings:
            [new("Mail:Provider", "smtp"), new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{server.Port}"), new("Smtp:Security", "None"), new("Smtp:Connections", "2")]);
        var (large, small) = (await mailer.PublicationAsync(), await mailer.PublicationAsync());
        await large.JoinAsync(1_600);
        for (var i = 0; i < 5; i++) await small.JoinAsync($"small{i}");
        var first = await large.PublishAsync(large.Post("Large", Access.Public));
        await Eventually.TrueAsync(() => Task.FromResult(server.Letters.Count > 20), "the first one under way");

        var second = await small.PublishAsync(small.Post("Small", Access.Public));
        // The first one goes on, a letter at each look.
        await Eventually.TrueAsync(async () =>
        {
            answers.Release();
            return await mailer.WithDbAsync(db => db.Editions.AnyAsync(e => e.Id == second.Id && e.State == EditionState.Sent));
        }, "the second one sent");

        var ledger = await mailer.LedgerAsync(first.Id);
        Assert.True(ledger.GetValueOrDefault(DeliveryState.Queued) > 200, $"{ledger.GetValueOrDefault(DeliveryState.Queued)} letters of the first were left");
        answers.Release(1_600);
        await mailer.SentAsync(first.Id, TimeSpan.FromMinutes(2));
        await mailer.LedgerBecomesAsync(first.Id, (DeliveryState.Accepted, 1_600));
        Assert.Equal(1_605, server.Letters.Count);
        Assert.Equal(1_605, server.Letters.Distinct().Count());
    }

    [Fact]
    public async Task A_publication_whose_own_server_does_not_answer_holds_nobody_up()
    {
        var mayAnswer = new TaskCompletionSource();
        await using var server = new FakeSmtp { BeforeAnswer = (_, _) => mayAnswer.Task };
        await using var mailer = await MailerUnderTest.StartAsync(settings: [new("Mail:PrivateHosts", "true")]);
        var (slow, other) = (await mailer.PublicationAsync(), await mailer.PublicationAsync());
        (await slow.As(Role.Owner).PutAsJsonAsync(
            $"{slow.Api}/senders/accounts/first", new { provider = "smtp", host = "127.0.0.1", port = server.Port, security = "none" }, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        await slow.JoinAsync(9_500);
        await other.JoinAsync("other");
        var stuck = await slow.PublishAsync(slow.Post("Stuck", Access.Public));
        await Eventually.TrueAsync(() => Task.FromResult(server.Letters.Count == 8), "all its connections waiting");

        var edition = await other.PublishAsync(other.Post("Goes on", Access.Public));
        await mailer.SentAsync(edition.Id);

        for (var i = 0; i < 70; i++) await mailer.Service.PublishAsync(PaceMails.SignIn(slow, $"silent{i}"));
        await Eventually.TrueAsync(() => Task.FromResult(server.Letters.Count == 16), "sign-in mails waiting, too");
        await mailer.Service.PublishAsync(PaceMails.SignIn(other, "person"));
        await Eventually.TrueAsync(() => Task.FromResult(mailer.Provider.To("person").Count == 1), "the other's sign-in mail");

        Assert.Equal(16, server.Letters.Count);
        // Nothing is claimed that is not being sent.
        Assert.Equal(8, await mailer.WithDbAsync(db => db.Batches.CountAsync(b => b.EditionId == stuck.Id && b.State == BatchState.Sending)));
        mayAnswer.SetResult();
    }
}
