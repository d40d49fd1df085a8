using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using DotLiquid;
using DotLiquid.FileSystems;

namespace Newsletter.Mailer.Templates;

/// <summary>HTML that is safe as it stands: sanitised, or rendered by a template.</summary>
internal sealed record Markup(string Html);

/// <summary>
/// The Liquid files beside this one, embedded. For <c>*.html.liquid</c> every string of the model is encoded before the template sees it,
/// so no template can forget to; <see cref="Markup"/> alone passes. <c>*.text.liquid</c> get strings as they are.
/// </summary>
internal static class LiquidTemplates
{
    // The default encoder writes every letter beyond ASCII as an entity: three times the bytes for no safety.
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private static readonly ConcurrentDictionary<string, Template> Parsed = new();
    private static readonly ConcurrentDictionary<Type, (string Name, PropertyInfo Property)[]> Members = new();

    // Templates that several threads share find includes and filters through these statics only; nobody else in the process uses Liquid.
    static LiquidTemplates()
    {
        Template.FileSystem = new EmbeddedFiles();
        Template.RegisterFilter(typeof(LetterFilters));
    }

    public static string RenderHtml(string name, object model) => Render($"{name}.html", model, Encode);

    public static string RenderText(string name, object model) => Render($"{name}.text", model, text => text);

    /// <summary>Line breaks stay what they are, for <c>newline_to_br</c>.</summary>
    private static string Encode(string text) => Encoder.Encode(text).Replace("&#xA;", "\n", StringComparison.Ordinal);

    private static string Render(string name, object model, Func<string, string> encode) =>
        Parsed.GetOrAdd(name, Parse).Render(new RenderParameters(CultureInfo.InvariantCulture)
        {
            LocalVariables = (Hash)Variable(model, encode)!,
            ErrorsOutputMode = ErrorsOutputMode.Rethrow,
        });

    private static Template Parse(string name)
    {
        var template = Template.Parse(EmbeddedFiles.Read(name), SyntaxCompatibility.DotLiquid22a);
        template.MakeThreadSafe();
        return template;
    }

    /// <summary>What Liquid sees of a value; names in snake_case.</summary>
    private static object? Variable(object? value, Func<string, string> encode) => value switch
    {
        null or bool or int => value,
        string text => encode(text),
        Markup markup => markup.Html,
        IReadOnlyDictionary<string, string> map => Hash.FromDictionary(map.ToDictionary(e => e.Key, e => (object)encode(e.Value))),
        IEnumerable items => items.Cast<object>().Select(item => Variable(item, encode)).ToList(),
        _ => Hash.FromDictionary(MembersOf(value.GetType()).ToDictionary(m => m.Name, m => Variable(m.Property.GetValue(value), encode)!)),
    };

    private static (string Name, PropertyInfo Property)[] MembersOf(Type type) => Members.GetOrAdd(type, static type =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.GetIndexParameters().Length == 0)
            .Select(p => (JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name), p)).ToArray());

    private sealed class EmbeddedFiles : IFileSystem
    {
        public static string Read(string name)
        {
            using var stream = typeof(LiquidTemplates).Assembly.GetManifestResourceStream($"Templates.{name}.liquid")
                ?? throw new InvalidOperationException($"There is no template {name}.");
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }

        public string ReadTemplateFile(Context context, string templateName) => Read((string)context[templateName]);
    }
}

/// <summary>Filters of our own; Liquid calls them <c>text_rule</c>, ….</summary>
internal static class LetterFilters
{
    /// <summary>A line below a heading in plain text, as long as the heading.</summary>
    public static string TextRule(string? input, string mark = "=") => new(mark[0], Math.Clamp(input?.Length ?? 0, 3, 72));
}
