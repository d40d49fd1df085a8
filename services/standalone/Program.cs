using Newsletter.Billing;
using Newsletter.Console;
using Newsletter.Content;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Hosting;
using Newsletter.Gateway;
using Newsletter.Mailer;
using Newsletter.Sandbox;
using Newsletter.Standalone;
using Newsletter.Subscriber;

return await ServiceHost.GuardAsync(args, async () =>
{
    var builder = WebApplication.CreateBuilder(args);
    var home = builder.AddHome();

    builder.AddDefaults("standalone");
    builder.AddGateway();
    builder.AddSubscriber();
    builder.AddContent();
    builder.AddBilling();
    builder.AddMailer();
    builder.AddConsole();
    if (home.UsesSandbox) builder.AddSandbox();
    builder.AddInProcessBus();
    builder.AddOwnAddress();
    builder.Services.AddSingleton(home);
    builder.Services.AddHostedService<Welcome>();
    builder.Services.AddHostedService<Memory>();

    var app = builder.Build();
    app.UseDefaults(beforeRouting: a =>
    {
        a.UseGateway();
        a.UseConsole();
    });
    app.MapGateway();
    app.MapSubscriber();
    app.MapContent();
    app.MapBilling();
    app.MapMailer();
    app.MapConsole();
    if (home.UsesSandbox) app.MapSandbox();
    app.MapDefaults();
    await app.RunAsync();
});
