using Microsoft.AspNetCore.Components;
using MudBlazor;
using Newsletter.Console.Api;

namespace Newsletter.Console.Parts;

/// <summary>A page of one publication: knows who looks and what they may, tells failures, and stops asking when it is left.</summary>
public abstract class PublicationPage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _left = new();
    private int _asked;

    protected PublicationPage() => Left = _left.Token;

    /// <summary>The publication's slug.</summary>
    [Parameter]
    public string P { get; set; } = "";

    [Inject] private protected NewsletterApi Api { get; set; } = null!;
    [Inject] private protected Staff Staff { get; set; } = null!;
    [Inject] protected NavigationManager Navigation { get; set; } = null!;
    [Inject] protected ISnackbar Snackbar { get; set; } = null!;
    [Inject] protected IDialogService Dialogs { get; set; } = null!;

    /// <summary>Who looks; kept from the page's first rendering, so that no button goes and comes again.</summary>
    [PersistentState]
    public Membership? Here { get; set; }

    /// <summary>Why the page cannot be shown.</summary>
    protected string? Failure { get; private set; }

    /// <summary>Kept, because what runs on after the page was left still asks for it.</summary>
    protected CancellationToken Left { get; }

    protected string Root => $"publications/{P}";

    protected bool May(string permission) => Here?.May(permission) == true;

    protected string To(string path) => $"console/p/{P}/{path}";

    protected sealed override async Task OnInitializedAsync()
    {
        try
        {
            Here ??= await Staff.MembershipAsync(P, Left);
            if (Here is null) Navigation.NotFound();
            else await LoadAsync();
        }
        catch (ApiException e)
        {
            Failure = e.Message;
        }
    }

    protected abstract Task LoadAsync();

    /// <summary>Does something and says how it went. True when it went well.</summary>
    protected async Task<bool> TryAsync(Func<Task> deed, string? done = null)
    {
        try
        {
            await deed();
            if (done is not null) Snackbar.Add(done, Severity.Success);
            return true;
        }
        catch (ApiException e)
        {
            Snackbar.Add(e.Message, Severity.Error);
            return false;
        }
    }

    /// <summary>An answer; null where something else was asked for since, and this one comes late.</summary>
    private protected async Task<T?> AskAsync<T>(string path) where T : class
    {
        var mine = ++_asked;
        var answer = await Api.GetAsync<T>(path, Left);
        return mine == _asked ? answer : null;
    }

    /// <summary>True when whoever is asked says yes.</summary>
    protected Task<bool> SureAsync(string title, string text, string yes) => Confirmation.AskAsync(Dialogs, title, text, yes);

    public virtual void Dispose()
    {
        _left.Cancel();
        _left.Dispose();
        GC.SuppressFinalize(this);
    }
}
