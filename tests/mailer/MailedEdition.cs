using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Copies;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tests.Templates;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>An edition that the provider has taken: one batch, one reader per letter. What comes back for it is what is tested.</summary>
internal sealed record MailedEdition(Guid Publication, Guid Edition, Guid Batch, IReadOnlyList<Guid> Readers)
{
    public static string AddressOf(Guid reader) => $"{reader:N}@example.com";

    public static async Task<MailedEdition> CreateAsync(
        ServiceUnderTest mailer, int readers, DeliveryState state = DeliveryState.Accepted, BatchState batchState = BatchState.Done, bool tracking = true, string? traceParent = null)
    {
        var publication = Sample.Publication with { Id = Guid.CreateVersion7(), Slug = $"p{Guid.NewGuid():N}" };
        await using var scope = mailer.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var hasher = await scope.ServiceProvider.GetRequiredService<SecretKeys>().AddressHasherAsync(TestContext.Current.CancellationToken);
        var copy = new PublicationCopy();
        copy.Take(publication);
        var edition = Storage.Edition.OfPost(publication.Id, Sample.Newsletter.Id, Sample.Article() with { PublicationId = publication.Id }, TimeProvider.System);
        var batch = MailerRows.Batch(edition, readers, batchState, traceParent);
        db.AddRange(copy, edition, batch);
        List<Guid> ids = [];
        for (var i = 0; i < readers; i++)
        {
            var id = Guid.CreateVersion7();
            ids.Add(id);
            var recipient = new Recipient();
            recipient.Take(new()
            {
                Id = id,
                PublicationId = publication.Id,
                Version = 1,
                Email = AddressOf(id),
                NormalisedEmail = AddressOf(id),
                ConfirmedAt = DateTimeOffset.UtcNow,
                Consents = [new(Sample.Newsletter.Id, DateTimeOffset.UtcNow, "test")],
                TrackingAllowed = tracking,
                UnsubscribeToken = $"token{i}",
            });
            recipient.HashAddress(hasher);
            db.AddRange(recipient, MailerRows.Delivery(edition, id, batch.Id, state));
        }
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return new(publication.Id, edition.Id, batch.Id, ids);
    }

    /// <summary>One more edition to the same readers.</summary>
    public async Task<MailedEdition> AgainAsync(ServiceUnderTest mailer)
    {
        await using var scope = mailer.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var edition = Storage.Edition.OfPost(Publication, Sample.Newsletter.Id, Sample.Article() with { Id = Guid.CreateVersion7(), PublicationId = Publication }, TimeProvider.System);
        var batch = MailerRows.Batch(edition, Readers.Count, BatchState.Done, null);
        db.AddRange(edition, batch);
        foreach (var reader in Readers) db.Add(MailerRows.Delivery(edition, reader, batch.Id, DeliveryState.Accepted));
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return this with { Edition = edition.Id, Batch = batch.Id };
    }

    public Task WereAcceptedAsync(ServiceUnderTest mailer, DateTimeOffset at) =>
        mailer.WithDbAsync<MailerDb, int>(db => db.Deliveries.Where(d => d.EditionId == Edition).ExecuteUpdateAsync(s => s.SetProperty(d => d.AcceptedAt, at)));

    public Task<List<Delivery>> LettersAsync(ServiceUnderTest mailer) =>
        mailer.WithDbAsync<MailerDb, List<Delivery>>(db => db.Deliveries.AsNoTracking().Where(d => d.EditionId == Edition).ToListAsync());

    public async Task<EditionCounters> CountersAsync(ServiceUnderTest mailer) =>
        await mailer.WithDbAsync<MailerDb, EditionCounters?>(db => db.EditionCounters.AsNoTracking().SingleOrDefaultAsync(c => c.EditionId == Edition)) ?? new();

    public Task<Batch> BatchAsync(ServiceUnderTest mailer) =>
        mailer.WithDbAsync<MailerDb, Batch>(db => db.Batches.AsNoTracking().SingleAsync(b => b.Id == Batch));
}

/// <summary>Rows as the sender leaves them.</summary>
internal static class MailerRows
{
    public static Batch Batch(Edition edition, int size, BatchState state, string? traceParent)
    {
        var batch = Storage.Batch.Of(Guid.CreateVersion7(), edition, Guid.CreateVersion7(), size, DateTimeOffset.UtcNow);
        Set(batch, nameof(Storage.Batch.State), state);
        Set(batch, nameof(Storage.Batch.Provider), "sendgrid");
        Set(batch, nameof(Storage.Batch.SentAt), DateTimeOffset.UtcNow);
        Set(batch, nameof(Storage.Batch.TraceParent), traceParent);
        return batch;
    }

    public static Delivery Delivery(Edition edition, Guid subscriber, Guid batch, DeliveryState state)
    {
        var delivery = (Delivery)Activator.CreateInstance(typeof(Delivery), nonPublic: true)!;
        Set(delivery, nameof(Storage.Delivery.EditionId), edition.Id);
        Set(delivery, nameof(Storage.Delivery.SubscriberId), subscriber);
        Set(delivery, nameof(Storage.Delivery.PublicationId), edition.PublicationId);
        Set(delivery, nameof(Storage.Delivery.BatchId), batch);
        Set(delivery, nameof(Storage.Delivery.State), state);
        if (state is DeliveryState.Accepted or DeliveryState.Delivered) Set(delivery, nameof(Storage.Delivery.AcceptedAt), DateTimeOffset.UtcNow);
        return delivery;
    }

    private static void Set(object row, string property, object? value) => row.GetType().GetProperty(property)!.SetValue(row, value);
}

/// <summary>One mailer for the classes that only look at what comes back.</summary>
public sealed class MailerFixture : IAsyncLifetime
{
    public ServiceUnderTest Mailer { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Mailer = await ServiceUnderTest.StartAsync("mailer", b => b.AddMailer(), a => a.MapMailer(), [new("SendGrid:ApiKey", "SG.test")]);

    public ValueTask DisposeAsync() => Mailer.DisposeAsync();
}
