using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Newsletter.Contracts;

namespace Newsletter.Defaults.Audit;

/// <summary>What a context is about to save, as lines of the audit log.</summary>
internal static class TrackedChanges
{
    /// <summary>More of one kind, as an import brings, are counted and not told one by one.</summary>
    private const int MostOfAKind = 20;
    private const int MostLines = 200;

    public static List<StaffChange> Of(DbContext db)
    {
        var lines = db.ChangeTracker.Entries()
            .Where(e => e.State is EntityState.Added or EntityState.Modified or EntityState.Deleted && e.Metadata.ClrType.IsDefined(typeof(AuditedAttribute)))
            .GroupBy(e => (e.Metadata.ClrType, e.State))
            .SelectMany(kind => kind.Count() > MostOfAKind ? [CountOf(kind.Key.ClrType, kind.Key.State, kind.Count())] : kind.SelectMany(LinesOf))
            .ToList();
        if (lines.Count <= MostLines) return lines;
        var more = (lines.Count - MostLines).ToString(CultureInfo.InvariantCulture);
        return [.. lines.Take(MostLines), new("changes", null, "more", null, more)];
    }

    private static StaffChange CountOf(Type type, EntityState state, int count) =>
        new(Word(type.Name), null, state switch { EntityState.Added => "added", EntityState.Deleted => "removed", _ => "changed" }, null, count.ToString(CultureInfo.InvariantCulture));

    private static IEnumerable<StaffChange> LinesOf(EntityEntry entry)
    {
        var (entity, id) = (Word(entry.Metadata.ClrType.Name), IdOf(entry));
        foreach (var property in entry.Properties)
        {
            if (!IsTold(property.Metadata)) continue;
            var before = entry.State == EntityState.Added ? null : property.OriginalValue;
            var after = entry.State == EntityState.Deleted ? null : property.CurrentValue;
            if (entry.State == EntityState.Modified && property.Metadata.GetValueComparer().Equals(before, after)) continue;
            var (was, becomes) = (TextOf(before), TextOf(after));
            if (was is null && becomes is null) continue;
            var name = Word(property.Metadata.Name);
            if (IsWithheld(property.Metadata))
            {
                yield return new(entity, id, name, null, null, Withheld: true);
                continue;
            }
            (was, becomes) = LongText.Cut(was, becomes);
            yield return new(entity, id, name, was, becomes);
        }
    }

    /// <summary>What every row has: its key is in the line already, its publication in the entry, and versions only count.</summary>
    private static bool IsTold(IProperty property) =>
        !property.IsPrimaryKey() && !property.IsConcurrencyToken && property.Name is not ("PublicationId" or "Version")
        && property.PropertyInfo?.IsDefined(typeof(NotAuditedAttribute)) != true;

    private static bool IsWithheld(IProperty property) => property.ClrType == typeof(byte[]) || property.PropertyInfo?.IsDefined(typeof(WithheldAttribute)) == true;

    private static string? IdOf(EntityEntry entry)
    {
        if (entry.Metadata.ClrType.GetCustomAttribute<AuditedAttribute>() is { Id: { } named }) return TextOf(entry.Property(named).CurrentValue);
        var key = entry.Metadata.FindPrimaryKey()!.Properties.Where(p => p.Name != "PublicationId");
        return string.Join(' ', key.Select(p => TextOf(entry.Property(p).CurrentValue)));
    }

    /// <summary>As our API writes it; null where there is nothing to tell.</summary>
    private static string? TextOf(object? value)
    {
        if (value is null or "" or byte[] { Length: 0 }) return null;
        if (value is string text) return text;
        if (value is byte[]) return "bytes";
        var json = JsonSerializer.Serialize(value, value.GetType(), LongText.Json);
        return json switch { "[]" => null, ['"', .. var inner, '"'] => inner, _ => json };
    }

    private static string Word(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);
}
