using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Shelf;

namespace Newsletter.Defaults.Tests.Http;

/// <summary>Calls with a key of their own, and a note that tells what came of them.</summary>
public abstract class IdempotentCalls(ShelfApi shelf) : IClassFixture<ShelfApi>
{
    protected string Key { get; } = Guid.NewGuid().ToString();
    protected string Text { get; } = $"note {Guid.NewGuid()}";

    protected async Task<HttpResponseMessage> PostAsync(string path, string? key, string? text, string? slug = null, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/publications/{slug ?? shelf.Papers.Slug}/{path}");
        request.Content = text is null ? new StringContent("{}", Encoding.UTF8, "application/json") : JsonContent.Create(new { text });
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        return await (client ?? shelf.Service.Anonymous()).SendAsync(request, TestContext.Current.CancellationToken);
    }

    protected static Task<string> BodyAsync(HttpResponseMessage answer) => answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
}

public sealed class IdempotencyTests(ShelfApi shelf) : IdempotentCalls(shelf)
{
    private readonly ShelfApi _shelf = shelf;

    [Fact]
    public async Task A_repeat_gets_the_first_answer_and_does_nothing()
    {
        using var first = await PostAsync("notes", Key, Text);
        using var second = await PostAsync("notes", Key, Text);

        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal("true", Assert.Single(second.Headers.GetValues("Idempotency-Replayed")));
        Assert.Equal(await BodyAsync(first), await BodyAsync(second));
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.Equal(first.Content.Headers.ContentType, second.Content.Headers.ContentType);
        Assert.Equal(1, await _shelf.NotesAsync(Text));
    }

    [Fact]
    public async Task Without_aKey_each_call_counts()
    {
        using var first = await PostAsync("notes", null, Text);
        using var second = await PostAsync("notes", null, Text);

        Assert.Equal(2, await _shelf.NotesAsync(Text));
    }

    [Fact]
    public async Task The_sameKey_for_another_body_is_refused()
    {
        using var first = await PostAsync("notes", Key, Text);
        using var second = await PostAsync("notes", Key, Text + " changed");

        await ProblemTests.IsProblemAsync(second, HttpStatusCode.UnprocessableEntity);
        Assert.Equal(0, await _shelf.NotesAsync(Text + " changed"));
    }

    [Fact]
    public async Task AKey_belongs_to_its_publication_path_and_caller()
    {
        using var anonymous = await PostAsync("notes", Key, Text);
        using var otherPublication = await PostAsync("notes", Key, Text, _shelf.Poems.Slug);
        using var reader = await PostAsync("notes", Key, Text, client: _shelf.Service.As(Role.Reader, _shelf.Papers.Id));
        using var otherReader = await PostAsync("notes", Key, Text, client: _shelf.Service.As(Role.Reader, _shelf.Papers.Id));
        _shelf.Gate.TrySetResult();
        using var otherPath = await PostAsync("notes/slow", Key, Text);

        Assert.Equal(5, await _shelf.NotesAsync(Text));
    }

    [Fact]
    public async Task Calls_at_the_same_moment_do_the_work_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostAsync("notes", Key, Text)));

        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.Conflict));
        Assert.Equal(1, await _shelf.NotesAsync(Text));
        foreach (var answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task A_failure_of_ours_is_not_kept()
    {
        using var first = await PostAsync("notes/failing", Key, Text);
        using var second = await PostAsync("notes/failing", Key, Text);

        Assert.Equal(HttpStatusCode.InternalServerError, second.StatusCode);
        Assert.Equal(2, await _shelf.NotesAsync(Text));
    }

    [Fact]
    public async Task A_mistake_of_the_caller_is_kept()
    {
        using var first = await PostAsync("notes", Key, null);
        using var second = await PostAsync("notes", Key, null);

        await ProblemTests.IsProblemAsync(second, HttpStatusCode.BadRequest);
        Assert.True(second.Headers.Contains("Idempotency-Replayed"));
    }

    [Fact]
    public async Task An_answer_too_long_to_keep_is_not_given_twice_nor_is_the_work_done_twice()
    {
        using var first = await PostAsync("notes/long", Key, Text);
        using var second = await PostAsync("notes/long", Key, Text);

        Assert.Equal(70_000, (await BodyAsync(first)).Length);
        await ProblemTests.IsProblemAsync(second, HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task An_answer_that_holds_a_secret_is_not_kept_nor_is_the_work_done_twice()
    {
        using var first = await PostAsync("notes/secret", Key, Text);
        using var second = await PostAsync("notes/secret", Key, Text);

        Assert.Equal($"the secret of {Text}", await BodyAsync(first));
        await ProblemTests.IsProblemAsync(second, HttpStatusCode.Conflict);
        Assert.Equal(1, await _shelf.NotesAsync(Text));
        Assert.False(await _shelf.Service.IsKeptAsync<ShelfDb>(Text));
    }

    [Fact]
    public async Task A_refusal_is_told_again_where_the_answer_would_have_held_a_secret()
    {
        using var first = await PostAsync("notes/secret", Key, null);
        using var second = await PostAsync("notes/secret", Key, null);

        await ProblemTests.IsProblemAsync(first, HttpStatusCode.BadRequest);
        await ProblemTests.IsProblemAsync(second, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task AKey_that_is_too_long_is_refused()
    {
        using var answer = await PostAsync("notes", new string('k', 256), Text);

        await ProblemTests.IsProblemAsync(answer, HttpStatusCode.BadRequest);
        Assert.Equal(0, await _shelf.NotesAsync(Text));
    }
}

/// <summary>These move the clock, which the others' tokens go by.</summary>
public sealed class IdempotencyOverTimeTests(ShelfApi shelf) : IdempotentCalls(shelf)
{
    private readonly ShelfApi _shelf = shelf;

    [Fact]
    public async Task While_the_first_is_under_way_a_repeat_is_told_to_wait_and_after_a_minute_takes_over()
    {
        _shelf.Gate = new();
        var first = PostAsync("notes/slow", Key, Text);
        await Eventually.TrueAsync(() => _shelf.Service.WithDbAsync(async (ShelfDb db) =>
            await db.Database.SqlQuery<int>($"SELECT count(*)::int AS \"Value\" FROM idempotent_calls WHERE key = {Key}").SingleAsync() == 1), "the claim");

        using var early = await PostAsync("notes/slow", Key, Text);
        await ProblemTests.IsProblemAsync(early, HttpStatusCode.Conflict);
        Assert.Equal(TimeSpan.FromSeconds(1), early.Headers.RetryAfter!.Delta);

        _shelf.Service.Time.Advance(TimeSpan.FromSeconds(61));
        var claimedAt = await ClaimedAtAsync();
        var late = PostAsync("notes/slow", Key, Text);
        await Eventually.TrueAsync(async () => await ClaimedAtAsync() != claimedAt, "the claim taken over");
        _shelf.Gate.SetResult();
        using var taken = await late;
        using var cutShort = await first;
        Assert.Equal(HttpStatusCode.Created, taken.StatusCode);
        using var repeat = await PostAsync("notes/slow", Key, Text);
        Assert.Equal(await BodyAsync(taken), await BodyAsync(repeat));

        Task<DateTime> ClaimedAtAsync() => _shelf.Service.WithDbAsync((ShelfDb db) =>
            db.Database.SqlQuery<DateTime>($"SELECT started_at AS \"Value\" FROM idempotent_calls WHERE key = {Key}").SingleAsync());
    }

    [Fact]
    public async Task After_a_day_aKey_is_new_again()
    {
        using var first = await PostAsync("notes", Key, Text);
        _shelf.Service.Time.Advance(TimeSpan.FromHours(25));
        using var second = await PostAsync("notes", Key, Text);

        Assert.False(second.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(2, await _shelf.NotesAsync(Text));
    }
}
