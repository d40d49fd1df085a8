using System.Diagnostics;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Search;
using MailKit.Security;
using MimeKit;
using Newsletter.Mailer.Tests.Providers;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Bounces;

/// <summary>A real IMAP server in a folder of its own; any user gets a mailbox with the one password.</summary>
internal sealed class Dovecot : IAsyncDisposable
{
    public const string Password = "secret";
    private const string Program = "/usr/sbin/dovecot";
    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private Dovecot(Process process, DirectoryInfo folder, int port) => (_process, _folder, Port) = (process, folder, port);

    public int Port { get; }

    public static async Task<Dovecot> StartAsync()
    {
        if (!File.Exists(Program)) throw new InvalidOperationException($"Missing: {Program} (Debian: dovecot-imapd). tests/run installs it, or names it.");
        var folder = Directory.CreateTempSubdirectory("newsletter-imap-");
        var port = SmtpSink.FreePort();
        var isRoot = Environment.UserName == "root";
        // Root's server gives up its rights, and then still has to write its mailboxes.
        if (isRoot && !OperatingSystem.IsWindows()) File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_111_111);
        var settings = Path.Combine(folder.FullName, "dovecot.conf");
        await File.WriteAllTextAsync(settings, Settings(folder.FullName, port, isRoot));
        var start = new ProcessStartInfo(Program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])["-F", "-c", settings]) start.ArgumentList.Add(argument);
        var server = new Dovecot(Process.Start(start)!, folder, port);
        try
        {
            await Eventually.TrueAsync(server.AnswersAsync, "dovecot answering");
        }
        catch (TimeoutException e)
        {
            var log = Path.Combine(folder.FullName, "log");
            throw new InvalidOperationException(File.Exists(log) ? await File.ReadAllTextAsync(log) : "no log", e);
        }
        return server;
    }

    public async Task<UniqueId> PutAsync(string user, byte[] mail)
    {
        using var client = await OpenAsync(user);
        using var stream = new MemoryStream(mail);
        using var message = await MimeMessage.LoadAsync(stream);
        var uid = await client.Inbox!.AppendAsync(message, MessageFlags.None);
        return uid!.Value;
    }

    /// <summary>As though a process had died before it could mark the mail.</summary>
    public async Task UnmarkAsync(string user, UniqueId mail)
    {
        using var client = await OpenAsync(user);
        await client.Inbox!.RemoveFlagsAsync(mail, MessageFlags.Seen, silent: true);
    }

    public async Task<int> CountAsync(string user, SearchQuery query, string folder = "INBOX")
    {
        using var client = await OpenAsync(user);
        var found = client.Inbox!;
        if (folder != "INBOX")
        {
            try
            {
                found = await client.GetFolderAsync(folder);
            }
            catch (FolderNotFoundException)
            {
                return 0;
            }
            await found.OpenAsync(FolderAccess.ReadOnly);
        }
        return (await found.SearchAsync(query)).Count;
    }

    public async ValueTask DisposeAsync()
    {
        // Its master ends its other processes.
        using (var stop = Process.Start("/bin/kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])) await stop.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task<ImapClient> OpenAsync(string user)
    {
        var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", Port, SecureSocketOptions.None);
        await client.AuthenticateAsync(user, Password);
        await client.Inbox!.OpenAsync(FolderAccess.ReadWrite);
        return client;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = await OpenAsync("probe");
            return true;
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ImapProtocolException)
        {
            return false;
        }
    }

    private static string Settings(string folder, int port, bool isRoot) =>
        $$"""
        base_dir = {{folder}}/run
        state_dir = {{folder}}/state
        log_path = {{folder}}/log
        protocols = imap
        listen = 127.0.0.1
        ssl = no
        disable_plaintext_auth = no
        mail_location = maildir:{{folder}}/mail/%u
        first_valid_uid = 1
        {{(isRoot ? "" : $"default_internal_user = {Environment.UserName}\ndefault_login_user = {Environment.UserName}\ndefault_internal_group =")}}
        service imap-login {
          chroot =
          inet_listener imap {
            port = {{port}}
          }
          inet_listener imaps {
            port = 0
          }
        }
        service anvil {
          chroot =
        }
        passdb {
          driver = static
          args = password={{Password}}
        }
        userdb {
          driver = static
          args = {{(isRoot ? "uid=nobody gid=nogroup " : $"uid={Environment.UserName} gid={Environment.UserName} ")}}home={{folder}}/home/%u
        }
        """;
}
