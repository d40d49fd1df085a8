using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;

namespace Newsletter.Tests.Harness.Installations;

/// <summary>A browser without script: follows links and redirects, fills forms in, says where a form comes from.</summary>
public sealed class Browser(HttpClient client)
{
    private const int MostRedirects = 10;

    public Task<WebPage> OpenAsync(string address) => OpenAsync(new Uri(address));

    public Task<WebPage> OpenAsync(Uri address) => GoAsync(() => new(HttpMethod.Get, address), address);

    public Task<WebPage> FollowAsync(WebPage page, string selector)
    {
        var link = page.Document.QuerySelector(selector)?.GetAttribute("href") ?? throw new InvalidOperationException($"No link {selector} on {page.Address}:\n{page.Html}");
        return OpenAsync(new Uri(page.Address, link));
    }

    /// <summary>Fills in and sends the form that the selector finds (it, or the form that contains it).</summary>
    public Task<WebPage> SubmitAsync(WebPage page, string selector, params (string Name, string Value)[] fields)
    {
        var found = page.Document.QuerySelector(selector) ?? throw new InvalidOperationException($"No {selector} on {page.Address}:\n{page.Html}");
        var form = found as IHtmlFormElement ?? found.Closest("form") as IHtmlFormElement ?? throw new InvalidOperationException($"{selector} is in no form.");
        var filled = fields.Select(f => f.Name).ToHashSet();
        var sent = form.Elements.OfType<IHtmlInputElement>()
            .Where(i => i.Name is { Length: > 0 } && !filled.Contains(i.Name) && (i.Type is not ("radio" or "checkbox") || i.IsChecked) && i.Type != "submit")
            .Select(i => new KeyValuePair<string, string>(i.Name!, i.Value))
            .Concat(form.Elements.OfType<IHtmlSelectElement>().Where(s => s.Name is { Length: > 0 } && !filled.Contains(s.Name)).Select(s => new KeyValuePair<string, string>(s.Name!, s.Value ?? "")))
            .Concat(form.Elements.OfType<IHtmlTextAreaElement>().Where(t => t.Name is { Length: > 0 } && !filled.Contains(t.Name)).Select(t => new KeyValuePair<string, string>(t.Name!, t.Value)))
            .Concat(found is IHtmlButtonElement { Name.Length: > 0 } button ? [new(button.Name!, button.Value)] : [])
            .Concat(fields.Select(f => new KeyValuePair<string, string>(f.Name, f.Value))).ToList();
        var target = new Uri(page.Address, form.GetAttribute("action") is { Length: > 0 } action ? action : page.Address.ToString());
        if (string.Equals(form.Method, "get", StringComparison.OrdinalIgnoreCase))
        {
            var query = string.Join('&', sent.Select(f => $"{Uri.EscapeDataString(f.Key)}={Uri.EscapeDataString(f.Value)}"));
            return OpenAsync(new UriBuilder(target) { Query = query }.Uri);
        }
        return GoAsync(() =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new FormUrlEncodedContent(sent) };
            request.Headers.Add("Origin", page.Address.GetLeftPart(UriPartial.Authority));
            request.Headers.Add("Sec-Fetch-Site", target.Authority == page.Address.Authority ? "same-origin" : "cross-site");
            return request;
        }, target);
    }

    private async Task<WebPage> GoAsync(Func<HttpRequestMessage> make, Uri address)
    {
        using var request = make();
        var answer = await client.SendAsync(request);
        for (var hops = 0; answer.StatusCode is HttpStatusCode.Redirect or HttpStatusCode.SeeOther or HttpStatusCode.MovedPermanently or HttpStatusCode.PermanentRedirect; hops++)
        {
            if (hops == MostRedirects) throw new InvalidOperationException($"{address} redirects in a circle.");
            address = new Uri(address, answer.Headers.Location!);
            answer.Dispose();
            answer = await client.GetAsync(address);
        }
        var html = await answer.Content.ReadAsStringAsync();
        var document = await new HtmlParser().ParseDocumentAsync(html);
        var page = new WebPage(address, answer.StatusCode, answer.Headers, html, document);
        answer.Dispose();
        return page;
    }
}

public sealed record WebPage(Uri Address, HttpStatusCode Status, System.Net.Http.Headers.HttpResponseHeaders Headers, string Html, IDocument Document)
{
    public bool Has(string selector) => Document.QuerySelector(selector) is not null;

    /// <summary>Where a page or a letter leads to, images included.</summary>
    public static IEnumerable<Uri> LinksIn(string html)
    {
        using var document = new HtmlParser().ParseDocument(html);
        return [.. document.QuerySelectorAll("[href], [src]").Select(e => new Uri((e.GetAttribute("href") ?? e.GetAttribute("src"))!))];
    }

    /// <summary>What a reader sees, without markup.</summary>
    public string Text => Document.Body?.TextContent ?? "";
}
