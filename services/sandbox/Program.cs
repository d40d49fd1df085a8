using Newsletter.Defaults.Hosting;
using Newsletter.Sandbox;

return await ServiceHost.RunAsync(args, "sandbox", builder => builder.AddSandbox(), app => app.MapSandbox());
