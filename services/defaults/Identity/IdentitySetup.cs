using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Newsletter.Defaults.Identity;

internal static class IdentitySetup
{
    public static void AddIdentity(this WebApplicationBuilder builder, string service)
    {
        builder.Services.AddSingleton<TokenValidator>();
        builder.Services.AddSingleton<InternalListener>();
        builder.Services.AddAntiforgery(options =>
        {
            // A service checks only the forms that it made itself, with its own keys.
            options.Cookie.Name = $"forms-{service}";
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.FormFieldName = "__form";
        });
    }

    public static void UseAccessRules(this WebApplication app) => app.UseMiddleware<AccessMiddleware>();
}
