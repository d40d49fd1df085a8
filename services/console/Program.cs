using Newsletter.Console;
using Newsletter.Defaults.Hosting;

return await ServiceHost.GuardAsync(args, async () =>
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddDefaults("console");
    builder.AddConsole();
    var app = builder.Build();
    app.UseDefaults(beforeRouting: a => a.UseConsole());
    app.MapConsole();
    app.MapDefaults();
    await app.RunAsync();
});
