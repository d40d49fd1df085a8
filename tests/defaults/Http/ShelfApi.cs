using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Shelf;

namespace Newsletter.Defaults.Tests.Http;

public sealed record NewNote([property: Required, MaxLength(100_000)] string Text);

/// <summary>The shelf with routes of every kind, on a real socket, and two publications.</summary>
public sealed class ShelfApi : IAsyncLifetime
{
    public PublicationSnapshot Papers { get; } = Publication("papers");
    public PublicationSnapshot Poems { get; } = Publication("poems");
    public PublicationSnapshot Pamphlets { get; } = Publication("pamphlets") with { Suspended = true };
    public ServiceUnderTest Service { get; private set; } = null!;
    /// <summary>What <c>…/notes/slow</c> waits for.</summary>
    public TaskCompletionSource Gate { get; set; } = new();

    public async ValueTask InitializeAsync()
    {
        var database = await TestDatabase.CreateAsync();
        await using (var db = ShelfProcess.Open(database.ConnectionString)) await db.Database.EnsureCreatedAsync();
        Service = await ServiceUnderTest.StartAsync("shelf", Add, Map, useDatabase: database);
        await Service.PublishAsync(new PublicationChanged(Papers));
        await Service.PublishAsync(new PublicationChanged(Poems));
        await Service.PublishAsync(new PublicationChanged(Pamphlets));
    }

    public ValueTask DisposeAsync() => Service.DisposeAsync();

    public Task<int> NotesAsync(string text) => Service.WithDbAsync((ShelfDb db) => db.Notes.CountAsync(n => n.Text == text));

    private static void Add(WebApplicationBuilder builder)
    {
        builder.AddServiceDb<ShelfDb, ShelfPostgresDb, ShelfSqliteDb>("shelf");
        builder.AddConsumers("shelf").AddCopy<PublicationConsumer, PublicationChanged>();
        builder.Services.AddValidation();
    }

    private void Map(WebApplication app)
    {
        var api = app.MapPublication<ShelfDb>("/api/v1/publications/{p}");
        api.MapGet("/notes", (CurrentPublication publication) => publication.Slug).ForAnyone();
        api.MapPost("/notes", AddNoteAsync).ForAnyone();
        api.MapPut("/notes", AddNoteAsync).ForStaff(Permission.PostsWrite);
        api.MapDelete("/notes", () => Results.NoContent()).ForStaff(Permission.StaffWrite);
        api.MapPost("/notes/slow", async (NewNote note, ShelfDb db, CancellationToken cancellation) =>
        {
            await Gate.Task;
            return await AddNoteAsync(note, db, cancellation);
        }).ForAnyone();
        api.MapPost("/notes/failing", async (NewNote note, ShelfDb db, CancellationToken cancellation) =>
        {
            await AddNoteAsync(note, db, cancellation);
            throw new FormatException("secret text");
        }).ForAnyone();
        api.MapPost("/notes/long", (NewNote note) => Results.Text(new string('x', 70_000))).ForAnyone();
        api.MapPost("/notes/secret", async (NewNote note, ShelfDb db, CancellationToken cancellation) =>
        {
            await AddNoteAsync(note, db, cancellation);
            return $"the secret of {note.Text}";
        }).ForAnyone().ShownOnce();
        api.MapGet("/limited", (int limit) => limit.ToString(CultureInfo.InvariantCulture)).ForAnyone();
        api.MapPost("/notes/printed", () => Results.NoContent()).ForStaff(Permission.PostsPublish).ClosedWhileSuspended();
        api.MapGet("/mine", (Caller caller) => caller.Subject.ToString()).ForReaders();

        var pages = app.MapPublication<ShelfDb>("/{p}");
        pages.MapGet("/failing", string () => throw new FormatException("secret text")).ForAnyone();
        pages.MapGet("/gone", () => Problem.Gone("It was taken down.")).ForAnyone();
        pages.MapGet("/account", () => "account").ForReaders().OpenWhileSuspended();
        pages.MapGet("/unsubscribe", () => "unsubscribe").ForAnyone().OpenWhileSuspended();
        pages.MapPost("/forms", () => "posted").ForAnyone().FromSameOrigin();
        app.MapPost("/forms", () => "posted").ForAnyone().FromSameOrigin();
        app.MapGet("/internal/notes", () => "internal").ForServices();
        app.MapGet("/unruled", () => "anybody?");
    }

    private static async Task<IResult> AddNoteAsync(NewNote note, ShelfDb db, CancellationToken cancellation)
    {
        var added = new Note { Id = Guid.CreateVersion7(), Text = note.Text };
        db.Notes.Add(added);
        await db.SaveChangesAsync(cancellation);
        return Results.Created($"/notes/{added.Id}", added);
    }

    private static PublicationSnapshot Publication(string slug) => new()
    {
        Id = Guid.CreateVersion7(),
        Version = 1,
        Slug = slug,
        Name = $"The {slug}",
        BaseUrl = $"http://{slug}.localhost:8080",
    };
}
