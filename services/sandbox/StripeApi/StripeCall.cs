using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Newsletter.Sandbox.Storage;
using Newsletter.Sandbox.Webhooks;

namespace Newsletter.Sandbox.StripeApi;

internal delegate JsonObject StripeHandler(Account account, Form form, string id);

/// <summary>What surrounds each call of Stripe's API: key, form, idempotency, one transaction, expansion, and errors in Stripe's shape.</summary>
internal sealed partial class StripeCall(SandboxDb db, SandboxFaults faults, TimeProvider clock, IOptions<SandboxOptions> options)
{
    private const int MaxBody = 1 << 20;

    /// <summary>How long a key and its answer are kept.</summary>
    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(24);

    public static RequestDelegate For(StripeHandler handler) =>
        context => context.RequestServices.GetRequiredService<StripeCall>().AnswerAsync(context, handler);

    /// <summary>Runs <paramref name="work"/> on the account of <paramref name="objectId"/>: how the pages and the test controls act.</summary>
    public async Task<T?> OnAccountOfAsync<T>(string objectId, Func<Account, T> work, CancellationToken cancel)
        where T : class => await db.WriteAsync(
            connection => Account.OwnerOf(connection, objectId) is { } owner ? work(Open(connection, owner)) : null, cancel);

    public T? ReadAccountOf<T>(string objectId, Func<Account, T> work)
        where T : class => db.Read(connection => Account.OwnerOf(connection, objectId) is { } owner ? work(Open(connection, owner)) : null);

    private async Task AnswerAsync(HttpContext context, StripeHandler handler)
    {
        var requestId = Account.NewId("req");
        context.Response.Headers["Request-Id"] = requestId;
        context.Response.Headers["Stripe-Version"] = Account.ApiVersion;
        context.Response.Headers.CacheControl = "no-cache, no-store";
        var (status, body) = (faults.TakeApiFault(), "");
        if (status is { } failure)
        {
            body = new StripeFault(failure, "api_error", "The sandbox was asked to fail.").Body().ToJsonString();
        }
        else
        {
            try
            {
                (status, body) = await RunAsync(context, handler, requestId);
            }
            catch (StripeFault fault)
            {
                (status, body) = (fault.Status, fault.Body().ToJsonString());
            }
        }

        context.Response.StatusCode = status ?? throw new UnreachableException();
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body, context.RequestAborted);
    }

    private async Task<(int Status, string Body)> RunAsync(HttpContext context, StripeHandler handler, string requestId)
    {
        var request = context.Request;
        var accountId = AccountOf(request.Headers.Authorization.ToString());
        var form = await FormAsync(request);
        var id = request.RouteValues["id"] as string ?? "";
        (int, string) Handle(Account account) =>
            (200, Expansion.Expand(account, handler(account, form, id).Public(), form.Texts("expand")).ToJsonString());

        if (HttpMethods.IsGet(request.Method))
        {
            return db.Read(connection => Handle(Open(connection, accountId)));
        }

        var key = HttpMethods.IsPost(request.Method) && request.Headers["Idempotency-Key"].ToString() is { Length: > 0 } given ? given : null;
        if (key?.Length > 255)
        {
            throw new StripeFault(400, "idempotency_error", "Idempotency keys may have up to 255 characters.");
        }

        var fingerprint = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{request.Path}?{form.Fingerprint()}")));
        return await db.WriteAsync(
            connection =>
            {
                if (key is not null && Replay(context, connection, accountId, key, fingerprint) is { } replay)
                {
                    return replay;
                }

                (int Status, string Body) answer;
                try
                {
                    answer = Handle(Open(connection, accountId, requestId, key));
                }
                catch (StripeFault fault) when (fault.Keep)
                {
                    answer = (fault.Status, fault.Body().ToJsonString());
                }

                if (key is not null)
                {
                    Remember(connection, accountId, key, fingerprint, requestId, answer);
                }

                return answer;
            },
            context.RequestAborted);
    }

    private static (int, string)? Replay(HttpContext context, SqliteConnection connection, string accountId, string key, string fingerprint)
    {
        var known = connection.Query(
            "SELECT fingerprint, request_id, status, body FROM idempotency WHERE account = $account AND key = $key",
            row => (Fingerprint: row.GetString(0), Request: row.GetString(1), Status: row.GetInt32(2), Body: row.GetString(3)),
            ("$account", accountId), ("$key", key));
        if (known.Count == 0)
        {
            return null;
        }

        if (known[0].Fingerprint != fingerprint)
        {
            throw new StripeFault(
                400, "idempotency_error", "Keys for idempotent requests can only be used with the same parameters they were first used with.");
        }

        context.Response.Headers["Idempotent-Replayed"] = "true";
        context.Response.Headers["Original-Request"] = known[0].Request;
        return (known[0].Status, known[0].Body);
    }

    private void Remember(
        SqliteConnection connection, string accountId, string key, string fingerprint, string requestId, (int Status, string Body) answer)
    {
        var now = clock.GetUtcNow();
        connection.Execute(
            "INSERT INTO idempotency (account, key, fingerprint, request_id, status, body, created) VALUES ($account, $key, $fingerprint, $request, $status, $body, $now)",
            ("$account", accountId), ("$key", key), ("$fingerprint", fingerprint), ("$request", requestId),
            ("$status", answer.Status), ("$body", answer.Body), ("$now", now.ToUnixTimeSeconds()));
        connection.Execute("DELETE FROM idempotency WHERE created < $old", ("$old", (now - KeyLife).ToUnixTimeSeconds()));
    }

    private static async Task<Form> FormAsync(HttpRequest request)
    {
        var pairs = request.Query.AsEnumerable();
        if (!HttpMethods.IsGet(request.Method))
        {
            using var reader = new FormReader(request.Body) { ValueCountLimit = 2_000, KeyLengthLimit = 500, ValueLengthLimit = MaxBody };
            try
            {
                pairs = pairs.Concat(await reader.ReadFormAsync(request.HttpContext.RequestAborted));
            }
            catch (InvalidDataException malformed)
            {
                throw StripeFault.Invalid($"Invalid request body: {malformed.Message}");
            }
        }

        return Form.Parse(pairs);
    }

    /// <summary>The account is a digest of the key, so the same key finds its objects again and two keys never meet.</summary>
    private static string AccountOf(string authorization)
    {
        var key = authorization.Split(' ', 2) switch
        {
            ["Bearer", var token] => token.Trim(),
            ["Basic", var pair] => Basic(pair),
            _ => throw StripeFault.Key("You did not provide an API key. Send it as a bearer token, or as the user name of Basic authentication."),
        };
        return TestKey().IsMatch(key)
            ? $"acct_{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..16]}"
            : throw StripeFault.Key("Invalid API Key provided. The sandbox takes any test key: sk_test_…");
    }

    private static string Basic(string pair)
    {
        var bytes = new byte[pair.Length];
        return Convert.TryFromBase64String(pair, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length).Split(':')[0] : "";
    }

    private Account Open(SqliteConnection connection, string id, string? requestId = null, string? key = null) =>
        new(connection, id, clock.GetUtcNow(), options.Value.PublicUrl) { RequestId = requestId, IdempotencyKey = key };

    [GeneratedRegex("^(sk|rk)_test_[A-Za-z0-9_-]{1,200}$")]
    private static partial Regex TestKey();
}
