using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

public sealed class CopyTests(SendingFixture fixture) : IClassFixture<SendingFixture>
{
    private readonly MailerUnderTest _mailer = fixture.Mailer;

    [Fact]
    public async Task Events_may_come_twice_and_in_any_order()
    {
        var publication = await _mailer.PublicationAsync();
        var first = publication.Reader("order");
        var second = first with { Version = TestPublication.NextVersion(), Consents = [new(publication.Roundup, DateTimeOffset.UtcNow, "account")], Name = "Newer" };

        await publication.TellAsync(second);
        await publication.TellAsync(first);
        await publication.TellAsync(second);

        var held = await _mailer.WithDbAsync(db => db.Recipients.AsNoTracking().SingleAsync(r => r.Id == first.Id));
        Assert.Equal("Newer", held.Name);
        Assert.Equal(publication.Roundup, Assert.Single(held.Consents).NewsletterId);
    }

    [Fact]
    public async Task A_deleted_reader_does_not_come_back_with_a_late_event()
    {
        var publication = await _mailer.PublicationAsync();
        var reader = publication.Reader("ghost");
        await publication.TellAsync(new SubscriberSnapshot { Id = reader.Id, PublicationId = publication.Id, Version = TestPublication.NextVersion(), Deleted = true });

        await publication.TellAsync(reader);

        Assert.True(await _mailer.WithDbAsync(db => db.Recipients.AnyAsync(r => r.Id == reader.Id && r.Deleted && r.Email == "")));
    }

    [Fact]
    public async Task A_grant_that_ended_and_a_late_older_one_leave_no_access()
    {
        var publication = await _mailer.PublicationAsync();
        var reader = await publication.JoinAsync("lapsed");
        var grant = await publication.GrantAsync(reader);
        await publication.TellAsync(grant with { Version = TestPublication.NextVersion(), Until = DateTimeOffset.UtcNow.AddMinutes(-1) });
        await publication.TellAsync(grant);

        var edition = await publication.PublishAsync(publication.Post("After", Access.Paid));
        await _mailer.SentAsync(edition.Id);

        Assert.DoesNotContain("paid part", Assert.Single(_mailer.Provider.Of(edition)).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_erased_person_leaves_ids_and_nothing_else()
    {
        var publication = await _mailer.PublicationAsync();
        var reader = await publication.JoinAsync("erased");
        var edition = await publication.PublishAsync(publication.Post("Before erasure"));
        await _mailer.SentAsync(edition.Id);
        var erasure = Guid.CreateVersion7();

        await _mailer.Service.PublishAsync(new SubscriberErased(erasure, publication.Id, reader.Id, TestPublication.NextVersion()));

        Assert.Equal("mailer", (await _mailer.Service.SentAsync<ErasureDone>(e => e.ErasureId == erasure)).Service);
        var held = await _mailer.WithDbAsync(db => db.Recipients.AsNoTracking().SingleAsync(r => r.Id == reader.Id));
        Assert.Equal((true, "", "", null, ""), (held.Deleted, held.Email, held.AddressHash, held.Name, held.UnsubscribeToken));
        Assert.Empty(held.Consents);
        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Accepted, 1));
        await publication.TellAsync(reader);
        Assert.True(await _mailer.WithDbAsync(db => db.Recipients.AnyAsync(r => r.Id == reader.Id && r.Deleted)));
    }
}
