using System.Text.Json;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Newsletter.Defaults.Http;

namespace Newsletter.Defaults.Storage;

public static class JsonColumn
{
    /// <summary>Keeps a value as JSON text, alike in both databases; compared by that text.</summary>
    public static PropertyBuilder<T> AsJson<T>(this PropertyBuilder<T> property) => property.HasConversion(
        value => JsonSerializer.Serialize(value, Json.Options),
        text => JsonSerializer.Deserialize<T>(text, Json.Options)!,
        new ValueComparer<T>(
            (a, b) => JsonSerializer.Serialize(a, Json.Options) == JsonSerializer.Serialize(b, Json.Options),
            value => JsonSerializer.Serialize(value, Json.Options).GetHashCode(StringComparison.Ordinal),
            value => JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(value, Json.Options), Json.Options)!));
}
