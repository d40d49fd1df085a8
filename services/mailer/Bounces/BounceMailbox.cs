using System.Security.Cryptography;
using System.Text;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Search;
using MailKit.Security;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Webhooks;

namespace Newsletter.Mailer.Bounces;

/// <summary>
/// Reads the mailbox that bounces arrive in. A mail is written down first and marked afterwards: a process that dies in between, or a second one beside
/// it, reads it again, and its events are known by then.
/// </summary>
internal sealed class BounceMailbox(IServiceScopeFactory scopes, IOptions<BounceOptions> options, WebhookWorker webhooks, TimeProvider time, ILogger<BounceMailbox> log)
    : Worker(options.Value.Imap!.PollEvery, log)
{
    private const int AtOnce = 50;
    private const int TimeoutSeconds = 60;
    private readonly ImapOptions _settings = options.Value.Imap!;

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        using var client = new ImapClient { Timeout = TimeoutSeconds * 1000 };
        await client.ConnectAsync(_settings.Host, _settings.Port, _settings.Security switch
        {
            SmtpSecurity.Tls => SecureSocketOptions.SslOnConnect,
            SmtpSecurity.StartTls => SecureSocketOptions.StartTls,
            _ => SecureSocketOptions.None,
        }, stopping);
        await client.AuthenticateAsync(_settings.Username, _settings.Password, stopping);
        var folder = await client.GetFolderAsync(_settings.Folder, stopping);
        await folder.OpenAsync(FolderAccess.ReadWrite, stopping);
        var unread = await folder.SearchAsync(SearchQuery.NotSeen.And(SearchQuery.NotDeleted), stopping);
        var now = unread.Take(AtOnce).ToList();
        if (now.Count > 0)
        {
            var target = _settings.MoveTo is { Length: > 0 } name ? await FolderAsync(client, name, stopping) : null;
            foreach (var mail in await folder.FetchAsync(now, MessageSummaryItems.UniqueId | MessageSummaryItems.Size, stopping)) await TakeAsync(folder, mail, target, stopping);
            webhooks.Wake();
        }
        await client.DisconnectAsync(quit: true, stopping);
        return unread.Count > AtOnce;
    }

    private async Task TakeAsync(IMailFolder folder, IMessageSummary mail, IMailFolder? target, CancellationToken stopping)
    {
        if (mail.Size > BounceWebhook.MaxMail) BounceMetrics.Came("too_large", found: false);
        else await KeepAsync(folder, mail.UniqueId, stopping);
        await folder.AddFlagsAsync(mail.UniqueId, MessageFlags.Seen, silent: true, stopping);
        if (target is not null) await folder.MoveToAsync(mail.UniqueId, target, stopping);
    }

    private async Task KeepAsync(IMailFolder folder, UniqueId uid, CancellationToken stopping)
    {
        using var raw = new MemoryStream();
        // It peeks: the mail stays unseen until it is written down.
        await using (var stream = await folder.GetStreamAsync(uid, stopping)) await stream.CopyToAsync(raw, stopping);
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        db.Add(BounceWebhook.CallOf(IdOf(folder, uid), "imap", raw, time));
        try
        {
            await db.SaveChangesAsync(stopping);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            // Another process is at it.
        }
    }

    /// <summary>The same for the same mail, in every process.</summary>
    private Guid IdOf(IMailFolder folder, UniqueId uid) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes($"{_settings.Host}\n{_settings.Username}\n{folder.FullName}\n{folder.UidValidity}\n{uid.Id}")).AsSpan(0, 16));

    private static async Task<IMailFolder> FolderAsync(ImapClient client, string name, CancellationToken stopping)
    {
        try
        {
            return await client.GetFolderAsync(name, stopping);
        }
        catch (FolderNotFoundException)
        {
            var top = client.GetFolder(client.PersonalNamespaces[0]);
            return await top.CreateAsync(name, isMessageFolder: true, stopping) ?? throw new InvalidOperationException("The mail server did not make the folder.");
        }
    }
}
