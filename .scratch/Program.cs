using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Pages;
using Newsletter.Subscriber;
using Newsletter.Tests.Harness;

var s = await ServiceUnderTest.StartAsync("subscriber", b => b.AddSubscriber(), a =>
{
    a.MapSubscriber();
    a.MapGet("/assets-off", () => "").ForAnyone();
    a.MapGet("/{p}/theme.css", () => Results.Text(":root { --accent: #0f766e; }", "text/css")).ForAnyone();
}, database: DatabaseKind.Sqlite, servesOwnKeys: true);
var baseUrl = $"{s.Address.ToString().TrimEnd('/')}/scipapermill";
var pub = new PublicationSnapshot { Id = Guid.CreateVersion7(), Version = 1, Slug = "scipapermill", Name = "SciPapermill", Tagline = "The week's AI papers, read for you", BaseUrl = baseUrl, PostalAddress = "1 Paper Street, Vienna",
    Newsletters = [new() { Id = Guid.CreateVersion7(), Slug = "posts", Name = "New posts", Kind = NewsletterKind.Posts }, new() { Id = Guid.CreateVersion7(), Slug = "weekly", Name = "Weekly roundup", Description = "Saturday morning, your topics first", Kind = NewsletterKind.Roundup, Schedule = new(DayOfWeek.Saturday, new(8, 0)) }] };
await s.PublishAsync(new PublicationChanged(pub));
await s.PublishAsync(new PostChanged(new PostSnapshot { Id = Guid.CreateVersion7(), PublicationId = pub.Id, Version = 1, Published = true, Topics = ["interpretability", "medical-imaging", "speech", "vision", "llm", "nlp", "remote-sensing", "robustness"] }));
var c = s.Anonymous();
await c.PostAsJsonAsync("/api/v1/publications/scipapermill/subscriptions", new { email = "ada@example.com", newsletters = new[] { "posts", "weekly" }, topics = new[] { "vision" } });
var mail = await s.SentAsync<SendTransactionalMail>(m => m.Template == TransactionalTemplate.Confirmation);
Console.WriteLine($"CONFIRM {mail.Values["link"]}");
Console.WriteLine($"UNSUB {mail.Values["unsubscribe"]}");
Console.WriteLine($"BASE {baseUrl}");
Console.Out.Flush();
var stop = new TaskCompletionSource();
_ = Task.Run(async () => { while (true) { 
    var session = Console.ReadLine(); if (session is null) { stop.TrySetResult(); return; }
    var a = await c.PostAsJsonAsync("/internal/token", new { credential = session, publicationId = pub.Id });
    Console.WriteLine("TOKEN " + (await a.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString());
    Console.Out.Flush();
} });
await stop.Task;
await s.DisposeAsync();
