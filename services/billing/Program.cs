using Newsletter.Billing;
using Newsletter.Defaults.Hosting;

return await ServiceHost.RunAsync(args, "billing", builder => builder.AddBilling(), app => app.MapBilling());
