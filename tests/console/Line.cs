using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Newsletter.ConsoleTests;

/// <summary>A browser's network, that can be away. Chromium alone leaves an open web socket as it is when it is set offline.</summary>
internal sealed partial class Line
{
    private readonly StaffBrowser _browser;
    private readonly List<IWebSocketRoute> _open = [];

    private Line(StaffBrowser browser) => _browser = browser;

    /// <summary>To be asked for before a page is opened.</summary>
    public static async Task<Line> OfAsync(StaffBrowser browser)
    {
        var line = new Line(browser);
        await browser.Page.RouteWebSocketAsync(Connection(), socket => line._open.AddRange([socket, socket.ConnectToServer()]));
        return line;
    }

    public async Task BreakAsync()
    {
        await _browser.Context.SetOfflineAsync(true);
        foreach (var socket in _open) await socket.CloseAsync(new() { Code = 3000 });
        _open.Clear();
    }

    public Task MendAsync() => _browser.Context.SetOfflineAsync(false);

    [GeneratedRegex("/_blazor")]
    private static partial Regex Connection();
}
