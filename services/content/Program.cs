using Newsletter.Content;
using Newsletter.Defaults.Hosting;

return await ServiceHost.RunAsync(args, "content", builder => builder.AddContent(), app => app.MapContent());
