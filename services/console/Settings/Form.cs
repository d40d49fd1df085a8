using Microsoft.AspNetCore.Components;
using MudBlazor;
using Newsletter.Console.Api;

namespace Newsletter.Console.Settings;

/// <summary>A form of one section: saves, says how it went, and shows what is wrong beside the field that it is about.</summary>
public abstract class Form : ComponentBase
{
    private IReadOnlyDictionary<string, string[]> _errors = new Dictionary<string, string[]>();

    [Parameter, EditorRequired]
    public string P { get; set; } = "";

    [Parameter]
    public EventCallback Changed { get; set; }

    [Inject] private protected NewsletterApi Api { get; set; } = null!;
    [Inject] protected ISnackbar Snackbar { get; set; } = null!;
    [Inject] protected IDialogService Dialogs { get; set; } = null!;

    protected bool IsBusy { get; private set; }
    protected string Root => $"publications/{P}";

    protected async Task<bool> TryAsync(Func<Task> deed, string? done = "Saved.")
    {
        // Pressed twice: that the button is out of use takes a moment to be seen.
        if (IsBusy) return false;
        (IsBusy, _errors) = (true, new Dictionary<string, string[]>());
        try
        {
            await deed();
            if (done is not null) Snackbar.Add(done, Severity.Success);
            await Changed.InvokeAsync();
            return true;
        }
        catch (ApiException e)
        {
            _errors = e.Fields;
            Snackbar.Add(e.Message, Severity.Error);
            return false;
        }
        finally
        {
            IsBusy = false;
        }
    }

    /// <summary>What the API said of a field; its names differ in case only.</summary>
    protected string? ErrorOf(string field) => _errors.FirstOrDefault(e => string.Equals(e.Key, field, StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault();
}
