using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Hosting;
using Newsletter.Gateway;
using Newsletter.Gateway.Docs;
using Newsletter.Gateway.Forwarding;

return await ServiceHost.GuardAsync(args, async () =>
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddDefaults("gateway");
    builder.AddGateway();
    builder.AddForwarding();
    builder.AddRabbitMqBus();
    var app = builder.Build();
    app.UseDefaults(beforeRouting: a => a.UseGateway());
    app.MapGateway();
    app.MapMergedOpenApi();
    app.MapForwarding();
    app.MapDefaults();
    await app.RunAsync();
});
