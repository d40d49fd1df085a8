using System.Text.Json.Nodes;
using Newsletter.Sandbox.Storage;

namespace Newsletter.Sandbox.StripeApi;

/// <summary>Stripe's lists: newest first, <c>limit</c>, <c>starting_after</c>, <c>ending_before</c>, <c>created[gte]</c>.</summary>
internal static class Listing
{
    public const string Paging = "limit starting_after ending_before created";

    /// <param name="filters">JSON path and the value, or one of the values, that it must have; null filters nothing.</param>
    public static JsonObject Objects(Account account, Form form, string kind, string url, params ReadOnlySpan<(string Path, object? Value)> filters)
    {
        var where = new List<string> { "account = $account", "kind = $kind", "json_extract(json, '$.deleted') IS NULL" };
        var values = new List<(string, object?)> { ("$account", account.Id), ("$kind", kind) };
        foreach (var (path, value) in filters)
        {
            if (value is not null)
            {
                var names = (value as object[] ?? [value]).Select(one =>
                {
                    values.Add(($"$v{values.Count}", one));
                    return values[^1].Item1;
                });
                where.Add($"json_extract(json, '{path}') IN ({string.Join(", ", names)})");
            }
        }

        return Page(account, form, "stripe_objects", where, values, url);
    }

    public static JsonObject Page(
        Account account, Form form, string table, List<string> where, List<(string, object?)> values, string url)
    {
        var limit = form.Long("limit") ?? 10;
        if (limit is < 1 or > 100)
        {
            throw StripeFault.Invalid("Invalid limit: must be between 1 and 100", "limit");
        }

        foreach (var (name, sign) in new[] { ("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<=") })
        {
            if (form.Has("created") && form.Sub("created").Long(name) is { } bound)
            {
                where.Add($"created {sign} ${name}");
                values.Add(($"${name}", bound));
            }
        }

        var backwards = form.Text("ending_before") is not null;
        if ((form.Text("starting_after") ?? form.Text("ending_before")) is { } cursor)
        {
            where.Add($"seq {(backwards ? '>' : '<')} $cursor");
            values.Add(("$cursor", account.Connection.Scalar<long?>(
                $"SELECT seq FROM {table} WHERE id = $id AND account = $account", ("$id", cursor), ("$account", account.Id))
                ?? throw StripeFault.NoSuch("object", cursor, backwards ? "ending_before" : "starting_after")));
        }

        values.Add(("$limit", limit + 1));
        var rows = account.Connection.Query(
            $"SELECT json FROM {table} WHERE {string.Join(" AND ", where)} ORDER BY seq {(backwards ? "ASC" : "DESC")} LIMIT $limit",
            row => Json.Parse(row.GetString(0)),
            [.. values]);
        var page = rows.Take((int)limit);
        return Json.List(url, (backwards ? page.Reverse() : page).Select(item => item.Public()), rows.Count > limit);
    }
}
