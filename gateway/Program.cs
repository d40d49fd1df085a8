using Newsletter.Defaults.Hosting;
using Newsletter.Gateway;

return await ServiceHost.RunAsync(args, "gateway", builder => builder.AddGateway(), app => app.MapGateway());
