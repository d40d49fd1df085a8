using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;

namespace Newsletter.Defaults.Audit;

/// <summary>Who does what from where, while it is done: the context of the request holds it, and tells of it with every change that it saves.</summary>
internal sealed partial class StaffCall
{
    private const int LongestTarget = 300;
    private readonly Caller _caller;
    private readonly TimeProvider _time;
    private readonly string _action;
    private readonly string _target;
    private readonly string? _from;
    private readonly List<StaffChange> _notes = [];

    private StaffCall(HttpContext http, Caller caller)
    {
        _caller = caller;
        _time = http.RequestServices.GetRequiredService<TimeProvider>();
        var path = Relative(http.Request.Path.Value ?? "");
        var route = Relative(ConstraintPattern().Replace(((RouteEndpoint)http.GetEndpoint()!).RoutePattern.RawText ?? "", "}"));
        _action = $"{http.Request.Method} {route}";
        _target = path.Length <= LongestTarget ? path : path[..LongestTarget];
        _from = AddressOf(http);
    }

    /// <summary>True once an entry was saved.</summary>
    public bool IsRecorded { get; set; }

    public static StaffCall Of(HttpContext http, Caller caller) => new(http, caller);

    public void Note(StaffChange note) => _notes.Add(note);

    public StaffActed Entry(IReadOnlyList<StaffChange> changes)
    {
        var now = _time.GetUtcNow();
        return new()
        {
            Id = Guid.CreateVersion7(now),
            PublicationId = _caller.PublicationId,
            At = now,
            Who = _caller.Subject,
            // Outside of publications only operators are more than somebody who works at one.
            Role = _caller is { PublicationId: null, Role: not Role.Operator } ? "member" : _caller.Role.ToString().ToLowerInvariant(),
            Action = _action,
            Target = _target,
            From = _from,
            TraceId = Activity.Current?.TraceId.ToString(),
            Changes = [.. changes, .. _notes],
        };
    }

    /// <summary>Behind the gateway it is what the gateway says, which overwrites what clients say; in one process with it, the connection's.</summary>
    private static string? AddressOf(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress;
        if (http.RequestServices.GetRequiredService<InternalListener>().Port is null
            && IPAddress.TryParse(http.Request.Headers["X-Forwarded-For"].ToString().Split(',')[^1].Trim(), out var forwarded)) address = forwarded;
        return (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
    }

    /// <summary>Within the publication, which the entry names; the publication itself where nothing is left.</summary>
    private static string Relative(string path) => InPublication().Match(path) switch
    {
        { Success: true, Groups: var parts } => parts["rest"].Value.TrimEnd('/') is { Length: > 0 } rest ? rest : "publication",
        _ => Installation().Replace(path, "").Trim('/'),
    };

    [GeneratedRegex("^/?api/v1/publications/[^/]+/?(?<rest>.*)$")]
    private static partial Regex InPublication();

    [GeneratedRegex("^/?api/v1/")]
    private static partial Regex Installation();

    [GeneratedRegex(":[^{}]*}")]
    private static partial Regex ConstraintPattern();
}
