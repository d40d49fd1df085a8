using Newsletter.Defaults.Hosting;
using Newsletter.Subscriber;

return await ServiceHost.RunAsync(args, "subscriber", builder => builder.AddSubscriber(), app => app.MapSubscriber());
