using MudBlazor.Services;
using Newsletter.Console.Api;
using Newsletter.Console.SignIn;
using Newsletter.Defaults.Identity;

namespace Newsletter.Console;

/// <summary>The staff's web console. It holds no data: all that it shows and does goes over the public API, in the name of whoever is signed in.</summary>
public static class ConsoleService
{
    /// <summary>A digest of a hundred papers, and room to grow.</summary>
    private const int LargestMessage = 4 << 20;

    public static void AddConsole(this WebApplicationBuilder builder)
    {
        builder.Services.AddRazorComponents().AddInteractiveServerComponents()
            .AddHubOptions(hub => hub.MaximumReceiveMessageSize = LargestMessage);
        builder.Services.AddMudServices(mud =>
        {
            mud.SnackbarConfiguration.PositionClass = MudBlazor.Defaults.Classes.Position.BottomCenter;
            mud.SnackbarConfiguration.PreventDuplicates = true;
            mud.SnackbarConfiguration.VisibleStateDuration = 4000;
        });
        builder.Services.AddCascadingAuthenticationState();
        builder.Services.AddSingleton<Accounts>();
        builder.Services.AddScoped<StaffSession>();
        builder.Services.AddScoped<NewsletterApi>();
        builder.Services.AddScoped<Staff>();
    }

    /// <summary>Before routing: whoever is not signed in sees the sign-in page and nothing else.</summary>
    public static void UseConsole(this WebApplication app) => app.UseMiddleware<ConsoleDoor>();

    public static void MapConsole(this WebApplication app)
    {
        app.MapSignIn();
        app.MapConsoleAssets();
        app.MapRazorComponents<Pages.App>().AddInteractiveServerRenderMode().ForAnyone();
    }
}
