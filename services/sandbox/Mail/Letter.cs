using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Newsletter.Sandbox.Storage;

namespace Newsletter.Sandbox.Mail;

/// <summary>One letter in one mailbox, put together from its template and its personal part.</summary>
public sealed record Letter(
    long Id, DateTimeOffset At, string MessageId, string To, string From, string Subject,
    IReadOnlyDictionary<string, string> Headers, string? Html, string? Text,
    IReadOnlyList<string> Categories, IReadOnlyDictionary<string, string> CustomArgs);

internal sealed class Letters(SandboxDb db, Microsoft.Extensions.Options.IOptions<SandboxOptions> options)
{
    private const string Columns = "r.id, m.at, m.message_id, r.address, m.template, r.personalization FROM mail_recipients r JOIN mails m ON m.id = r.mail_id";

    /// <summary>Newest first; <paramref name="to"/> is a whole address, <paramref name="search"/> a part of one.</summary>
    public List<Letter> List(string? to, string? search, long? before, int limit) => db.Read(connection => connection.Query(
        $"""
        SELECT {Columns}
        WHERE ($to IS NULL OR r.address = $to) AND ($search IS NULL OR instr(r.address, $search) > 0) AND ($before IS NULL OR r.id < $before)
        ORDER BY r.id DESC LIMIT $limit
        """,
        Read,
        ("$to", to?.Trim().ToLowerInvariant()), ("$search", search?.Trim().ToLowerInvariant()), ("$before", before), ("$limit", limit)));

    public Letter? Find(long id) =>
        db.Read(connection => connection.Query($"SELECT {Columns} WHERE r.id = $id", Read, ("$id", id))).FirstOrDefault();

    public long Count() => db.Read(connection => connection.Scalar<long>("SELECT count(*) FROM mail_recipients"));

    public Task ClearAsync(CancellationToken cancel) =>
        db.WriteAsync(connection => { connection.Execute("DELETE FROM mail_recipients; DELETE FROM mails;"); }, cancel);

    private Letter Read(SqliteDataReader row)
    {
        var template = JsonSerializer.Deserialize<MailTemplate>((byte[])row[4], MailJson.Options)!;
        var personal = JsonSerializer.Deserialize<Personalization>((byte[])row[5], MailJson.Options)!;
        var address = row.GetString(3);
        var recipient = personal.Recipients.First(known => string.Equals(known.Email, address, StringComparison.OrdinalIgnoreCase));
        var substitutions = personal.Substitutions ?? [];
        string Substitute(string text) => substitutions.Count == 0 ? text : Replace(text, substitutions);
        string? Part(string type) => template.Content!.FirstOrDefault(part => part.Type == type)?.Value is { } value ? Substitute(value) : null;

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var at = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1));
        var messageId = row.GetString(2);
        foreach (var (name, value) in (template.Headers ?? []).Concat(personal.Headers ?? []))
        {
            headers[name] = options.Value.SubstituteHeaders ? Substitute(value) : value;
        }

        headers.TryAdd("Message-ID", $"<{messageId}@sandbox.example>");
        headers["Date"] = at.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        if ((template.ReplyTo ?? (template.ReplyToList is [var first, ..] ? first : null)) is { } reply)
        {
            headers["Reply-To"] = Substitute(reply.ToString());
        }

        if (personal.Cc is { Count: > 0 } copies)
        {
            headers["Cc"] = string.Join(", ", copies);
        }

        var arguments = new Dictionary<string, string>(template.CustomArgs ?? []);
        foreach (var (name, value) in personal.CustomArgs ?? [])
        {
            arguments[name] = value;
        }

        return new(
            row.GetInt64(0), at, messageId, recipient.Email!, (personal.From ?? template.From!).ToString(),
            Substitute(personal.Subject ?? template.Subject!), headers, Part("text/html"), Part("text/plain"),
            template.Categories ?? [], arguments);
    }

    /// <summary>Tags within what was substituted stay: SendGrid nowhere says that it looks for them.</summary>
    private static string Replace(string text, Dictionary<string, string> substitutions)
    {
        var tags = substitutions.Keys.Where(tag => tag.Length > 0).OrderByDescending(tag => tag.Length).Select(Regex.Escape);
        return string.Join('|', tags) is { Length: > 0 } any ? Regex.Replace(text, any, tag => substitutions[tag.Value]) : text;
    }
}
