using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using MudBlazor;
using Newsletter.Console.Api;
using Newsletter.Console.Parts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;

namespace Newsletter.Console.Editing;

/// <summary>
/// Writing. The text lives in the browser's own field, whose script keeps every change in the browser until it is saved; this page hears of it
/// when the typing rests, and shows what readers would see.
/// </summary>
public sealed partial class PostEditor
{
    private static readonly string[] Eyes = ["anonymous", "subscriber", "member", "mail"];

    private readonly SemaphoreSlim _saves = new(1);
    private PostDraft _draft = new();
    private PostSource? _source;
    private Publication? _publication;
    private IReadOnlyList<Tier> _tiers = [];
    private string _initial = "";
    private string _saved = "";
    private string _status = "";
    private bool _saving;
    private KeptDraft? _kept;
    /// <summary>What somebody else saved while this was being written.</summary>
    private PostSource? _theirs;
    /// <summary>The mailing of this post, if there is one.</summary>
    private Guid? _edition;

    [Parameter]
    public string? Slug { get; set; }

    private bool CanWrite => May(Permission.PostsWrite) && (_source is null or { State: "draft" } || May(Permission.PostsPublish));
    private bool IsChanged => _draft.Fingerprint() != _saved;
    /// <summary>Under which the browser keeps it; a post that was never saved has no slug, not one that another may have.</summary>
    private string Key => $"{P}/{_source?.Slug}";

    protected override async Task LoadAsync()
    {
        var publication = Api.GetAsync<Publication>(Root, Left);
        var tiers = Api.GetAsync<Page<Tier>>($"{Root}/tiers", Left);
        if (Slug is not null)
        {
            _source = await Api.FindAsync<PostSource>($"{Root}/posts/{Slug}/source", Left);
            if (_source is null)
            {
                Navigation.NotFound();
                return;
            }
            _draft = PostDraft.Of(_source);
        }
        _saved = _draft.Fingerprint();
        _initial = _draft.Body;
        try
        {
            _tiers = (await tiers).Items;
        }
        catch (ApiException)
        {
            // Without billing one writes all the same.
        }
        await FindEditionAsync();
        _publication = await publication;
    }

    private async Task FindEditionAsync()
    {
        if (_source is not { FirstPublishedAt: not null } || !May(Permission.EditionsRead)) return;
        try
        {
            var newest = await Api.GetAsync<Page<Edition>>($"{Root}/editions?post={_source.Id}&limit=1", Left);
            _edition = newest.Items is [var one, ..] ? one.Id : null;
        }
        catch (ApiException)
        {
            // Without the mailer one writes all the same.
        }
    }

    /// <summary>The mailer hears of the post and makes its mailing: a moment, unless it is away.</summary>
    private async Task AwaitEditionAsync()
    {
        for (var tries = 0; _edition is null && _source is { State: "published" }; tries++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(tries < 20 ? 500 : 5000), Time, Left);
            await FindEditionAsync();
        }
    }

    private async Task ChangeAsync(Action change)
    {
        change();
        await KeepAsync();
        await Task.WhenAll(PreviewAsync(), AutosaveAsync());
    }

    /// <summary>A draft is saved when the typing rests; what readers see only when somebody says so.</summary>
    private async Task AutosaveAsync()
    {
        if (_source is not { State: "draft" } || _theirs is not null || _kept is not null) return;
        if (await RestsAsync(TimeSpan.FromSeconds(3)) && IsChanged && _draft.Title.Trim().Length > 0) await SaveAsync();
    }

    /// <summary>One after the other: each begins from the version that the one before it made, and does nothing where that one did it already.</summary>
    private async Task<bool> SaveAsync(long? over = null)
    {
        var known = _theirs;
        await _saves.WaitAsync(Left);
        try
        {
            if (_theirs != known) return false;
            await ReadTextAsync();
            return over is null && _source is not null && !IsChanged || await StoreAsync(over);
        }
        finally
        {
            _saves.Release();
        }
    }

    private async Task<bool> StoreAsync(long? over)
    {
        _saving = true;
        _status = "Saving …";
        StateHasChanged();
        var request = _draft.ToRequest();
        try
        {
            var key = Key;
            _source = _source is null
                ? await Api.SendAsync<PostSource>(HttpMethod.Post, $"{Root}/posts", request, cancellation: Left)
                : await Api.SendAsync<PostSource>(HttpMethod.Put, $"{Root}/posts/{_source.Slug}", request, over ?? _draft.Version, Left);
            // What was typed meanwhile is not in it.
            if (_draft.ToRequest().Slug == request.Slug) _draft.Slug = _source.Slug;
            (_draft.Version, _saved, _theirs) = (_source.Version, PostDraft.FingerprintOf(request with { Slug = _source.Slug }), null);
            _status = "Saved";
            if (Key != key) await MoveAsync();
            if (IsChanged) await KeepAsync();
            else await DropSavedAsync();
            return true;
        }
        catch (ApiException e) when (e.Status == StatusCodes.Status412PreconditionFailed)
        {
            _theirs = await Api.FindAsync<PostSource>($"{Root}/posts/{_source!.Slug}/source", Left);
            _status = "Not saved";
        }
        catch (ApiException e)
        {
            _status = "Not saved";
            Snackbar.Add(e.Message, Severity.Error);
        }
        finally
        {
            _saving = false;
        }
        return false;
    }

    private async Task TakeTheirsAsync()
    {
        _source = _theirs!;
        _draft = PostDraft.Of(_source);
        (_saved, _theirs) = (_draft.Fingerprint(), null);
        await ShowTextAsync();
        await DropAsync();
        await PreviewAsync();
    }

    private async Task PublishAsync()
    {
        await ReadTextAsync();
        if ((IsChanged || _source is null) && !await SaveAsync()) return;
        var parameters = new DialogParameters { [nameof(PublishDialog.Publication)] = _publication, [nameof(PublishDialog.Draft)] = _draft };
        var dialog = await Dialogs.ShowAsync<PublishDialog>("Publish", parameters);
        if (await dialog.Result is not { Canceled: false, Data: PublishDialog.Choice choice }) return;
        var (path, body, done) = choice.At is { } at
            ? ("schedule", (object)new { at, mail = choice.Mail, newsletter = choice.Newsletter, roundup = choice.Roundup }, $"It goes out on {Words.Time(at, _publication!.TimeZone)}.")
            : ("publish", new { mail = choice.Mail, newsletter = choice.Newsletter, roundup = choice.Roundup }, choice.Mail ? "Published, and on its way." : "Published.");
        if (!await TryAsync(() => Api.SendAsync(HttpMethod.Post, $"{Root}/posts/{_source!.Slug}/{path}", body, Left), done)) return;
        await ReloadAsync();
        StateHasChanged();
        if (choice is { At: null, Mail: true }) await AwaitEditionAsync();
    }

    private async Task UnpublishAsync()
    {
        if (!await SureAsync("Take it back?", "Readers no longer see it, and what was not sent yet is not sent. What is in inboxes stays there.", "Take it back")) return;
        if (await TryAsync(() => Api.SendAsync(HttpMethod.Post, $"{Root}/posts/{_source!.Slug}/unpublish", cancellation: Left), "It is a draft again.")) await ReloadAsync();
    }

    private async Task DeleteAsync()
    {
        if (!await SureAsync("Delete this post?", "It cannot be brought back.", "Delete it")) return;
        if (!await TryAsync(() => Api.SendAsync(HttpMethod.Delete, $"{Root}/posts/{_source!.Slug}", cancellation: Left))) return;
        await DropAsync();
        Navigation.NavigateTo(To("posts"));
    }

    private async Task TestAsync()
    {
        var me = (await Staff.AccountAsync(Left)).Email;
        await ReadTextAsync();
        await PreviewAsync();
        if (_preview is not { } preview || me is null) return;
        await TryAsync(() => Api.SendAsync(HttpMethod.Post, $"{Root}/letters/test", new { post = preview.Post, to = me }, Left), $"On its way to {me}.");
    }

    /// <summary>The state and the version changed, the text did not.</summary>
    private async Task ReloadAsync()
    {
        _source = await Api.GetAsync<PostSource>($"{Root}/posts/{_source!.Slug}/source", Left);
        _draft.Version = _source.Version;
    }
}
