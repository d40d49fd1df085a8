using Newsletter.Mailer.Figures;

namespace Newsletter.Mailer.Tests.Figures;

public sealed class SharedViewsTests : IDisposable
{
    private readonly SharedViews<string> _views = new(TimeSpan.FromMinutes(1));
    private readonly (Guid Publication, Guid Edition) _one = (Guid.NewGuid(), Guid.NewGuid());
    private int _reads;

    public void Dispose() => _views.Dispose();

    [Fact]
    public async Task All_who_look_at_once_wait_for_one_reading()
    {
        var answer = new TaskCompletionSource<string?>();
        var looks = Enumerable.Range(0, 3).Select(_ => FindAsync(() => answer.Task)).ToList();
        answer.SetResult("seen");
        Assert.All(await Task.WhenAll(looks), view => Assert.Equal("seen", view));
        Assert.Equal(1, _reads);
    }

    [Fact]
    public async Task A_reading_that_failed_is_not_kept()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => FindAsync(() => Task.FromException<string?>(new TimeoutException())));
        Assert.Equal("seen", await FindAsync(() => Task.FromResult<string?>("seen")));
    }

    [Fact]
    public async Task Another_publications_look_reads_for_itself()
    {
        await FindAsync(() => Task.FromResult<string?>("ours"));
        Assert.Null(await _views.FindAsync(Guid.NewGuid(), _one.Edition, () => Task.FromResult<string?>(null)));
    }

    private Task<string?> FindAsync(Func<Task<string?>> read) => _views.FindAsync(_one.Publication, _one.Edition, () =>
    {
        _reads++;
        return read();
    });
}
