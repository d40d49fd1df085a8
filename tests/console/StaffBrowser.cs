using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>Somebody of the staff in front of Chromium: what they do, in their words.</summary>
public sealed partial class StaffBrowser : IAsyncDisposable
{
    /// <summary>For a machine that has other things to do.</summary>
    public const int PatienceMs = 60_000;
    private readonly Installation _house;

    private StaffBrowser(Installation house, IBrowserContext context, IPage page)
    {
        (_house, Context, Page) = (house, context, page);
        page.Console += (_, message) =>
        {
            if (message.Type == "error") Errors.Add($"{page.Url}: {message.Text}");
        };
        page.PageError += (_, error) => Errors.Add($"{page.Url}: {error}");
        page.Dialog += (_, dialog) =>
        {
            // Leaving a page with unsaved text asks; nothing else of ours does.
            if (dialog.Type != DialogType.BeforeUnload) Errors.Add($"{page.Url}: a dialog: {dialog.Message}");
            _ = dialog.AcceptAsync();
        };
    }

    public IBrowserContext Context { get; }
    public IPage Page { get; }

    /// <summary>What went wrong in the page: errors in its console, dialogs that it opened.</summary>
    public List<string> Errors { get; } = [];

    public static async Task<(IPlaywright, IBrowser)> LaunchAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return (playwright, await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Environment.GetEnvironmentVariable("NEWSLETTER_TEST_CHROMIUM") is { Length: > 0 } path ? path : "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"],
        }));
    }

    public static async Task<StaffBrowser> OpenAsync(Installation house, IBrowser chromium, Look look, string? session)
    {
        var context = await chromium.NewContextAsync(new()
        {
            ViewportSize = new() { Width = look.Width, Height = look.Height },
            ColorScheme = look.Scheme,
            ReducedMotion = ReducedMotion.Reduce,
            StorageState = session,
        });
        context.SetDefaultTimeout(PatienceMs);
        return new(house, context, await context.NewPageAsync());
    }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    public ILocator Field(string label) => Page.GetByLabel(label, new() { Exact = true });

    public ILocator Heading(string name) => Page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true });

    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    public ILocator DialogButton(string name) => Dialog.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public Uri Console(string path) => new(_house.Address, $"/console/{path}".TrimEnd('/'));

    /// <summary>Opens a page of the console, and waits until it can be worked with.</summary>
    public async Task OpenAsync(string path)
    {
        await Page.GotoAsync(Console(path).ToString());
        await ConnectedAsync();
    }

    /// <summary>The page says itself when its connection stands: before that a click is heard by nobody.</summary>
    public Task ConnectedAsync() => Expect(Page.Locator("[data-connected]")).ToHaveCountAsync(1);

    public Task SeeAsync(string text) => Expect(Page.GetByText(text).Filter(new() { Visible = true }).First).ToBeVisibleAsync();

    /// <summary>The same page on another screen.</summary>
    public async Task LookAsync(Look look)
    {
        await Page.SetViewportSizeAsync(look.Width, look.Height);
        await Page.EmulateMediaAsync(new() { ColorScheme = look.Scheme });
    }

    /// <summary>Asks for a mail on the sign-in page.</summary>
    public async Task AskForMailAsync(string email)
    {
        await Page.GotoAsync(Console("sign-in").ToString());
        await Field("Email address").FillAsync(email);
        await Button("Mail me a link").ClickAsync();
        await Expect(Heading("Check your inbox")).ToBeVisibleAsync();
    }

    /// <summary>By the code of a mail.</summary>
    public async Task SignInAsync(string email)
    {
        var before = (await _house.MailToAsync(email)).Count;
        await AskForMailAsync(email);
        await EnterCodeAsync(CodeIn(await NextMailAsync(email, before)));
        await ConnectedAsync();
    }

    public async Task EnterCodeAsync(string code)
    {
        await Field("Code").FillAsync(code);
        await Button("Sign in").ClickAsync();
    }

    /// <summary>The first mail to an address beyond those that were there.</summary>
    public Task<Mail> NextMailAsync(string email, int before) => Eventually.GetAsync(
        async () => await _house.MailToAsync(email) is { } mails && mails.Count > before ? mails[0] : null, $"mail to {email}", TimeSpan.FromMilliseconds(PatienceMs));

    public static string CodeIn(Mail mail) => SixDigits().Match(mail.Text).Value;

    public async ValueTask DisposeAsync() => await Context.DisposeAsync();

    [GeneratedRegex(@"\b\d{6}\b")]
    private static partial Regex SixDigits();
}
