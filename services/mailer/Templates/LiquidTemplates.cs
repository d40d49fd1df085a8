using System.Collections;
using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Fluid;
using Fluid.Values;
using Microsoft.Extensions.FileProviders;

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
    private static readonly EmbeddedFileProvider Files = new(typeof(LiquidTemplates).Assembly, "Templates");
    private static readonly FluidParser Parser = new();
    private static readonly ConcurrentDictionary<string, IFluidTemplate> Parsed = new();
    private static readonly TemplateOptions Html = Options(Encode);
    private static readonly TemplateOptions Text = Options(text => text);

    public static string RenderHtml(string name, object model) => Render($"{name}.html.liquid", model, Html);

    public static string RenderText(string name, object model) => Render($"{name}.text.liquid", model, Text);

    private static string Render(string file, object model, TemplateOptions options) =>
        Parsed.GetOrAdd(file, Parse).Render(new TemplateContext(model, options));

    private static IFluidTemplate Parse(string file)
    {
        using var reader = new StreamReader(Files.GetFileInfo(file).CreateReadStream());
        return Parser.Parse(reader.ReadToEnd());
    }

    /// <summary>Line breaks stay what they are, for <c>newline_to_br</c>.</summary>
    private static string Encode(string text) => Encoder.Encode(text).Replace("&#xA;", "\n", StringComparison.Ordinal);

    private static TemplateOptions Options(Func<string, string> encode)
    {
        var options = new TemplateOptions { FileProvider = Files, StrictFilters = true };
        // Fluid's own encoding, at output, leaves out lists, what "append" adds to markup, and "raw".
        options.ValueConverters.Add(value => value switch
        {
            string text => encode(text),
            Markup markup => markup.Html,
            bool or IFormattable or IEnumerable => null,
            _ => new Opaque(value),
        });
        // Templates reach what the model itself offers; below it, only what types named here do.
        options.MemberAccessStrategy.MemberNameStrategy = MemberNameStrategies.SnakeCase;
        options.MemberAccessStrategy.Register<LinkView>();
        options.Filters.AddFilter("text_rule", TextRule);
        return options;
    }

    /// <summary>A line below a heading in plain text, as long as the heading.</summary>
    private static ValueTask<FluidValue> TextRule(FluidValue heading, FilterArguments arguments, TemplateContext context)
    {
        var mark = arguments.At(0).Or(new StringValue("=")).ToStringValue()[0];
        return new StringValue(new string(mark, Math.Clamp(heading.ToStringValue().Length, 3, 72)));
    }

    /// <summary>An object whose members can be shown, but not itself: nothing would encode its <c>ToString</c>.</summary>
    private sealed class Opaque(object value) : ObjectValueBase(value)
    {
        public override string ToStringValue() => "";
    }
}
