using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Storage;

namespace Newsletter.Architecture.Tests;

/// <summary>The rules of the house that a reader of one file cannot see broken.</summary>
public sealed partial class HouseTests
{
    private static readonly string[] OpenToAll = ["Newsletter.Contracts", "Newsletter.Defaults"];

    public static TheoryData<string> Projects =>
        [.. Sources.Files("services", ".csproj").Concat(Sources.Files("gateway", ".csproj")).Where(p => !p.Contains("/standalone/", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(Projects))]
    public void A_project_refers_to_contracts_and_defaults_only(string project)
    {
        var references = XDocument.Parse(Sources.Read(project)).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));

        Assert.Empty(references.Except(OpenToAll));
    }

    [Fact]
    public void Defaults_refers_to_contracts_and_contracts_to_nothing()
    {
        Assert.DoesNotContain("Reference", Sources.Read("services/contracts/Newsletter.Contracts.csproj"), StringComparison.Ordinal);
        Assert.DoesNotContain("Newsletter.Defaults", Sources.Read("services/defaults/Newsletter.Defaults.csproj"), StringComparison.Ordinal);
    }

    [Fact]
    public void Contracts_are_flat_records_without_logic()
    {
        var types = typeof(ISnapshot).Assembly.GetExportedTypes().Where(t => !t.IsSubclassOf(typeof(Attribute))).ToList();
        Assert.Empty(types.Where(t => t.IsClass && t.GetMethod("<Clone>$") is null).Select(t => t.Name));
        Assert.Empty(types.Where(t => t.IsClass && t.BaseType != typeof(object)).Select(t => t.Name));
        Assert.Empty(types.SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(m => m is { IsSpecialName: false, DeclaringType.IsClass: true } && m.Name != "Deconstruct" && !m.IsDefined(typeof(CompilerGeneratedAttribute)))
            .Select(m => $"{m.DeclaringType!.Name}.{m.Name}"));
    }

    [Fact]
    public void No_file_is_longer_than_three_hundred_lines()
    {
        var files = Sources.Files("services", ".cs", ".razor").Concat(Sources.Files("gateway", ".cs", ".razor")).Concat(Sources.Files("tests", ".cs"));
        Assert.DoesNotContain(files.Select(f => (File: f, Lines: Sources.Read(f).Count(c => c == '\n'))), f => f.Lines > 300);
    }

    [Fact]
    public void Nobody_asks_the_machine_for_the_time()
    {
        var files = Sources.Files("services", ".cs", ".razor").Concat(Sources.Files("gateway", ".cs", ".razor"));
        Assert.DoesNotContain(files, f => MachineTime().IsMatch(Sources.Read(f)));
    }

    [Fact]
    public void Versions_and_states_of_rows_change_by_their_own_rules_only()
    {
        var settable = EntityTypes().SelectMany(e => e.GetProperties())
            .Where(p => p.Name is "Version" or "State" or "Status" or "Deleted" or "ConfirmedAt" or "Published")
            .Where(p => p.SetMethod is { IsPublic: true } set && !set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)))
            .Select(p => $"{p.DeclaringType!.FullName}.{p.Name}").ToList();
        Assert.True(settable.Count == 0, string.Join('\n', settable));
    }

    [Fact]
    public void Requests_are_public_because_validation_passes_over_the_others()
    {
        var unseen = Types()
            .Where(t => !t.IsVisible && !t.Name.EndsWith("Options", StringComparison.Ordinal))
            .Where(t => t.GetProperties().Any(p => p.IsDefined(typeof(ValidationAttribute))) || t.GetConstructors().SelectMany(c => c.GetParameters()).Any(p => p.IsDefined(typeof(ValidationAttribute))))
            .Select(t => t.FullName).ToList();
        Assert.True(unseen.Count == 0, string.Join('\n', unseen));
    }

    private static IEnumerable<Type> Types() => Directory.EnumerateFiles(AppContext.BaseDirectory, "Newsletter.*.dll")
        .Where(file => !file.Contains("Tests", StringComparison.Ordinal))
        .SelectMany(file => Assembly.LoadFrom(file).GetTypes());

    private static IEnumerable<Type> EntityTypes() => Types()
        .Where(type => type.IsSubclassOf(typeof(ServiceDb)) && type.BaseType == typeof(ServiceDb))
        .SelectMany(db => db.GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance))
        .Where(p => p.PropertyType.IsGenericType && p.PropertyType.GetGenericTypeDefinition() == typeof(DbSet<>))
        .Select(p => p.PropertyType.GetGenericArguments()[0])
        .Where(entity => entity.Namespace!.StartsWith("Newsletter.", StringComparison.Ordinal))
        .Distinct();

    [GeneratedRegex(@"\bDateTime(Offset)?\.(Utc)?(Now|Today)\b")]
    private static partial Regex MachineTime();
}
