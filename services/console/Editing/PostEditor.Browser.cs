using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using MudBlazor;
using Newsletter.Console.Api;
using Newsletter.Console.Parts;
using Newsletter.Defaults.Http;

namespace Newsletter.Console.Editing;

/// <summary>What goes back and forth between the page and the browser: text, kept drafts, images, previews.</summary>
public sealed partial class PostEditor
{
    private ElementReference _area;
    private ElementReference _bar;
    private IJSObjectReference? _editor;
    private DotNetObjectReference<PostEditor>? _self;
    private CancellationTokenSource _resting = new();
    private PostPreview? _preview;
    private LetterPreview? _letter;
    private string? _previewProblem;
    private string _eyes = "subscriber";
    private bool _isPhone;
    private int _previews;

    [Inject] private IJSRuntime Script { get; set; } = null!;
    [Inject] private TimeProvider Time { get; set; } = null!;

    /// <summary>The stylesheets are asked from this host, which has them as every host does: the console's pages load from nowhere else.</summary>
    private string Shown => _eyes == "mail" ? _letter?.Html ?? "" : (_preview?.Html ?? "").Replace($"{Origin}/assets/", "/assets/", StringComparison.Ordinal);

    private const string NotYet = "Not saved yet";

    private string Origin => new Uri(_publication!.Url).GetLeftPart(UriPartial.Authority);

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        // Told of a rendering a moment later: what was loaded since is not on the page yet, and neither is the field.
        if (_area.Id is null || _self is not null) return;
        // At once: the page may be rendered again before the browser has answered, and a second editor would do everything twice.
        _self = DotNetObjectReference.Create(this);
        // Before anything typed takes its place.
        var text = await Script.InvokeAsync<string?>("newsletterConsole.kept", Left, Key);
        _editor = await Script.InvokeAsync<IJSObjectReference>("newsletterConsole.edit", Left, _area, _bar, _self, Key, Fields());
        if (text is not null)
        {
            _kept = ReadKept(text);
            if (_kept?.Fields is { } fields) fields.Body = _kept.Body;
            if (_kept?.Fields is null || _kept.Fields.Fingerprint() == _saved) _kept = null;
        }
        await PreviewAsync();
        StateHasChanged();
    }

    /// <summary>The browser's typing rests.</summary>
    [JSInvokable]
    public Task Written(string text) => InvokeAsync(async () =>
    {
        await ChangeAsync(() => _draft.Body = text);
        StateHasChanged();
    });

    /// <summary>The image's address, once it is stored.</summary>
    [JSInvokable]
    public async Task<string?> UploadImage(IJSStreamReference file, long size, string type)
    {
        const long most = 5 << 20;
        Medium? stored = null;
        await InvokeAsync(() => TryAsync(async () =>
        {
            if (size > most) throw new ApiException(StatusCodes.Status413PayloadTooLarge, "An image may have 5 MB.");
            await using var stream = await file.OpenReadStreamAsync(most, Left);
            using var content = new StreamContent(stream) { Headers = { ContentType = new(type), ContentLength = size } };
            using var answer = await Api.SendAsync(HttpMethod.Post, $"{Root}/media", content, null, Left);
            stored = await answer.Content.ReadFromJsonAsync<Medium>(Json.Options, Left);
        }));
        return stored?.Url;
    }

    private async Task PickImageAsync()
    {
        var dialog = await Dialogs.ShowAsync<ImageDialog>("Images", new DialogParameters { [nameof(ImageDialog.P)] = P });
        if (await dialog.Result is { Canceled: false, Data: string url } && _editor is not null) await _editor.InvokeVoidAsync("image", Left, url);
    }

    public override void Dispose()
    {
        base.Dispose();
        _resting.Dispose();
        _self?.Dispose();
    }

    private async Task KeepAsync()
    {
        if (_editor is null) return;
        if (IsChanged) _status = NotYet;
        else if (_status == NotYet) _status = "";
        if (IsChanged) await _editor.InvokeVoidAsync("fields", Fields());
        await Script.InvokeVoidAsync("newsletterConsole.guard", IsChanged);
    }

    private object Fields() => new { fields = JsonSerializer.SerializeToElement(_draft, Json.Options) };

    /// <summary>It has an address now, or another. The page stays as it is, for whoever goes on typing.</summary>
    private async Task MoveAsync()
    {
        if (_editor is not null) await _editor.InvokeVoidAsync("moved", Key);
        await Script.InvokeVoidAsync("history.replaceState", null, "", $"/{To($"posts/{_source!.Slug}")}");
    }

    private async Task DropAsync()
    {
        _kept = null;
        await Script.InvokeVoidAsync("newsletterConsole.drop", Key);
        await Script.InvokeVoidAsync("newsletterConsole.guard", false);
    }

    private async Task DropSavedAsync()
    {
        if (_editor is not null) await _editor.InvokeVoidAsync("saved", _draft.Body);
        await Script.InvokeVoidAsync("newsletterConsole.guard", false);
    }

    private async Task RestoreAsync()
    {
        var (kept, version) = (_kept!, _draft.Version);
        _draft = kept.Fields!;
        // Begun from another version: saving then shows what somebody else saved since.
        _draft.Version ??= version;
        _kept = null;
        await ShowTextAsync();
        await ChangeAsync(() => { });
    }

    private Task DiscardAsync() => DropAsync();

    private async Task ShowTextAsync()
    {
        if (_editor is not null) await _editor.InvokeVoidAsync("replace", _draft.Body);
    }

    /// <summary>The typing may not rest yet.</summary>
    private async Task ReadTextAsync()
    {
        if (_editor is not null) _draft.Body = await _editor.InvokeAsync<string>("text", Left);
    }

    private Task LookAsync(Action change)
    {
        change();
        return PreviewAsync();
    }

    private async Task PreviewAsync()
    {
        var mine = ++_previews;
        try
        {
            var level = _draft.Access == "paid" ? "paid" : "subscribers";
            var who = _eyes == "mail" ? "member" : _eyes;
            var preview = await Api.SendAsync<PostPreview>(
                HttpMethod.Post, $"{Root}/posts/preview?as={who}", _draft.ToRequest(_draft.Title.Trim() is { Length: > 0 } title ? title : "Untitled"), cancellation: Left);
            var letter = _eyes == "mail" ? await Api.SendAsync<LetterPreview>(HttpMethod.Post, $"{Root}/letters/preview", new { post = preview.Post, level }, cancellation: Left) : _letter;
            // An answer that comes late must not take the place of a newer one.
            if (mine == _previews) (_preview, _letter, _previewProblem) = (preview, letter, null);
        }
        catch (ApiException e)
        {
            if (mine == _previews) _previewProblem = e.Message;
        }
    }

    /// <summary>True when nothing was changed for that long.</summary>
    private async Task<bool> RestsAsync(TimeSpan time)
    {
        if (Left.IsCancellationRequested) return false;
        await _resting.CancelAsync();
        _resting.Dispose();
        _resting = CancellationTokenSource.CreateLinkedTokenSource(Left);
        try
        {
            await Task.Delay(time, Time, _resting.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private static KeptDraft? ReadKept(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<KeptDraft>(text, Json.Options);
        }
        catch (JsonException)
        {
            // Of another release: it cannot be brought back.
            return null;
        }
    }
}
