using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Http;

namespace Newsletter.Console.Api;

/// <summary>An answer of the API that is none of success, in its own words.</summary>
internal sealed class ApiException(int status, string detail, IReadOnlyDictionary<string, string[]>? fields = null) : Exception(detail)
{
    public int Status { get; } = status;
    /// <summary>What is wrong with which field of the request.</summary>
    public IReadOnlyDictionary<string, string[]> Fields { get; } = fields ?? new Dictionary<string, string[]>();
}

/// <summary>Calls of the public API in the name of one session (or of nobody), through the gateway's listener for our own processes.</summary>
internal sealed class ApiCall(IHttpClientFactory clients, ServiceDirectory services, string? session, string? from)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    public async Task<T> GetAsync<T>(string path, CancellationToken cancellation)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, null, null, cancellation);
        return (await answer.Content.ReadFromJsonAsync<T>(Json.Options, cancellation))!;
    }

    /// <param name="path">Below <c>/api/v1/</c>.</param>
    /// <returns>An answer of success; the caller disposes it.</returns>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, Action<HttpRequestHeaders>? headers, CancellationToken cancellation)
    {
        using var client = clients.CreateClient("internal");
        client.Timeout = Patience;
        using var request = new HttpRequestMessage(method, new Uri(services.AddressOf("gateway"), $"/api/v1/{path}")) { Content = body };
        if (session is not null) request.Headers.Authorization = new("Bearer", session);
        if (from is { Length: > 0 }) request.Headers.TryAddWithoutValidation("X-Newsletter-From", from);
        headers?.Invoke(request.Headers);
        HttpResponseMessage answer;
        try
        {
            answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException || e is TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            throw new ApiException(StatusCodes.Status503ServiceUnavailable, "The service does not answer at the moment; try again.");
        }
        if (answer.IsSuccessStatusCode) return answer;
        using (answer) throw await ReadProblemAsync(answer, cancellation);
    }

    private static async Task<ApiException> ReadProblemAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        var status = (int)answer.StatusCode;
        var problem = answer.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true
            ? await answer.Content.ReadFromJsonAsync<ProblemAnswer>(Json.Options, cancellation)
            : null;
        var errors = problem?.Errors ?? [];
        var detail = problem?.Detail ?? (errors.Count > 0 ? string.Join(' ', errors.Values.SelectMany(e => e)) : problem?.Title ?? $"The service answered {status}.");
        return new(status, detail, errors);
    }

    /// <summary>RFC 9457.</summary>
    private sealed record ProblemAnswer(string? Title, string? Detail, Dictionary<string, string[]>? Errors);
}
