using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Newsletter.Content.Pages;

/// <summary>Renders a Razor component to bytes, so that pages can be kept and sent as they are.</summary>
internal sealed class PageRenderer(IServiceScopeFactory scopes, ILoggerFactory logs)
{
    public async Task<byte[]> RenderAsync<TPage>(Dictionary<string, object?> parameters) where TPage : IComponent
    {
        await using var scope = scopes.CreateAsyncScope();
        await using var renderer = new HtmlRenderer(scope.ServiceProvider, logs);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var page = await renderer.RenderComponentAsync<TPage>(ParameterView.FromDictionary(parameters));
            await using var buffer = new MemoryStream(64 * 1024);
            await using (var writer = new StreamWriter(buffer, new UTF8Encoding(false))) page.WriteHtmlTo(writer);
            return buffer.ToArray();
        });
    }
}
