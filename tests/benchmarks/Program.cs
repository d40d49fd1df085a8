using Newsletter.Benchmarks;

if (args is ["bare", var address, var folder])
{
    await BareService.RunAsync(address, folder);
    return 0;
}

var wanted = args.Length == 0 ? ["start", "signups", "reads", "mails", "live", "console", "editions", "smtp", "events", "transactional", "processes", "roundup"] : args;
var figures = new List<Figure>();
if (wanted.Contains("start")) figures.AddRange(await StartBenchmark.RunAsync());
if (wanted.Any(w => w is "signups" or "reads" or "mails" or "live" or "console"))
{
    await using var house = new Newsletter.Tests.Harness.Installations.Distributed();
    await house.InitializeAsync();
    if (wanted.Contains("signups")) figures.AddRange(await SignUpBenchmark.RunAsync(house));
    if (wanted.Contains("reads")) figures.AddRange(await ReadBenchmark.RunAsync(house));
    if (wanted.Contains("mails")) figures.AddRange(await MailBenchmark.RunAsync(house));
    if (wanted.Contains("live")) figures.AddRange(await LiveBenchmark.RunAsync(house));
    // Last: its readers are in the way of the others.
    if (wanted.Contains("console")) figures.AddRange(await ConsoleBenchmark.RunAsync(house));
}
if (wanted.Contains("editions")) figures.AddRange(await EditionBenchmark.RunAsync());
if (wanted.Contains("smtp")) figures.AddRange(await SmtpBenchmark.RunAsync());
if (wanted.Contains("events")) figures.AddRange(await EventBenchmark.RunAsync());
if (wanted.Contains("transactional")) figures.AddRange(await TransactionalBenchmark.RunAsync());
if (wanted.Contains("processes")) figures.AddRange(await ProcessesBenchmark.RunAsync());
if (wanted.Contains("roundup")) figures.AddRange(await RoundupBenchmark.RunAsync());
Figure.Print(figures);
return 0;
