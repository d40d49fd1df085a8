using Newsletter.Defaults.Hosting;
using Newsletter.Mailer;

return await ServiceHost.RunAsync(args, "mailer", builder => builder.AddMailer(), app => app.MapMailer());
