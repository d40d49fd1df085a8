using System.Text.Json;
using CsvHelper;
using Newsletter.Defaults.Http;

namespace Newsletter.Subscriber.Subscribers;

/// <summary>One person of an import, as it came. <see cref="Line"/> counts the lines of a CSV file, and the elements of a JSON array from one.</summary>
internal sealed record ImportRow
{
    public int Line { get; init; }
    public string? Email { get; init; }
    public string? Name { get; init; }
    public string? Cadence { get; init; }
    public IReadOnlyList<string>? Topics { get; init; }
    public string? TimeZone { get; init; }
    public bool? Confirmed { get; init; }
}

/// <summary>Reads the whole file before anything is written, so that a broken one changes nothing.</summary>
internal static class ImportFile
{
    private const int MaxRecord = 16 << 10;
    private const int AfterHeader = 2;

    public static async Task<List<ImportRow>> ReadAsync(HttpRequest request, int? firstLine, CancellationToken cancellation)
    {
        if (request.HasJsonContentType())
        {
            var rows = await JsonSerializer.DeserializeAsync<List<ImportRow?>>(request.Body, Json.Options, cancellation);
            return (rows ?? []).Select((row, i) => (row ?? new()) with { Line = (firstLine ?? 1) + i }).ToList();
        }
        if (request.ContentType?.StartsWith("text/csv", StringComparison.OrdinalIgnoreCase) == true) return await ReadCsvAsync(request.Body, firstLine ?? AfterHeader, cancellation);
        throw new BadHttpRequestException("Send text/csv or application/json.", StatusCodes.Status415UnsupportedMediaType);
    }

    private static async Task<List<ImportRow>> ReadCsvAsync(Stream body, int firstLine, CancellationToken cancellation)
    {
        // No field of ours has a line break: a quote that is never closed then spoils its own line only.
        var options = new CsvReaderOptions { MaxRecordSize = MaxRecord, TrackLineNumbers = true, AllowLineBreaksInQuotes = false, IncludeValuesInExceptions = false };
        await using var csv = CsvReader.Create(body, options, leaveOpen: true);
        var rows = new List<ImportRow>();
        try
        {
            await csv.ReadHeaderAsync(cancellation);
            if (!csv.TryGetFieldIndex("email", out _)) throw new BadHttpRequestException("The first line must name the columns, one of them email.");
            while (await csv.ReadAsync(cancellation))
            {
                rows.Add(new()
                {
                    Line = (int)csv.LineNumber - AfterHeader + firstLine,
                    Email = Field(csv, "email"),
                    Name = Field(csv, "name"),
                    Cadence = Field(csv, "cadence"),
                    Topics = Field(csv, "topics")?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
                    TimeZone = Field(csv, "timeZone"),
                    Confirmed = bool.TryParse(Field(csv, "confirmed"), out var confirmed) ? confirmed : null,
                });
            }
        }
        catch (CsvFormatException e)
        {
            throw new BadHttpRequestException($"The file cannot be read after line {rows.LastOrDefault()?.Line ?? firstLine - 1}.", e);
        }
        return rows;
    }

    /// <summary>Null for an empty one. Our own export puts an apostrophe before what a spreadsheet would take for a formula.</summary>
    private static string? Field(CsvReader csv, string name)
    {
        var value = csv.TryGetFieldIndex(name, out var index) && index < csv.FieldCount ? csv.GetString(index).Trim() : null;
        if (value is ['\'', '=' or '+' or '-' or '@', ..]) value = value[1..];
        return string.IsNullOrEmpty(value) ? null : value;
    }
}
