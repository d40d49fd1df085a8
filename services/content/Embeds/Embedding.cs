using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Newsletter.Content.Pages;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;

namespace Newsletter.Content.Embeds;

/// <summary>
/// Shows the remainder of posts on a publisher's own site. The text is fetched from our API, gated there; CORS is answered by hand,
/// because the origins are each publication's own, and never with credentials.
/// </summary>
internal static class Embedding
{
    public static void MapEmbeds(this WebApplication app)
    {
        app.MapPublication<ContentDb>("/embed/{p}.js").ExcludeFromDescription().MapGet("", Script).ForAnyone();
        app.MapPublication<ContentDb>("/api/v1/publications/{p}/posts/{slug}").ExcludeFromDescription()
            .MapMethods("", [HttpMethods.Options], Preflight).ForAnyone().AllowEmbedding();
    }

    public static RouteHandlerBuilder AllowEmbedding(this RouteHandlerBuilder endpoint) => endpoint.AddEndpointFilter(async (context, next) =>
    {
        var http = context.HttpContext;
        http.Response.Headers.Append("Vary", "Origin");
        if (http.Request.Headers.Origin.ToString() is { Length: > 0 } origin && await KnownPublication.BindAsync(http) is { } publication
            && publication.Gate.EmbedOrigins.Contains(origin))
        {
            http.Response.Headers.AccessControlAllowOrigin = origin;
        }
        return await next(context);
    });

    private static NoContent Preflight(HttpResponse response)
    {
        response.Headers.AccessControlAllowMethods = "GET";
        response.Headers.AccessControlAllowHeaders = "Authorization";
        response.Headers.AccessControlMaxAge = "600";
        return TypedResults.NoContent();
    }

    private static FileContentHttpResult Script(KnownPublication publication, IOptions<NewsletterOptions> options, HttpResponse response)
    {
        response.Headers.CacheControl = "public, max-age=300";
        var api = $"{new Uri(options.Value.Url).GetLeftPart(UriPartial.Authority)}/api/v1/publications/{publication.Snapshot.Slug}/posts/";
        var page = CachedPage.Of(Encoding.UTF8.GetBytes(Template.Replace("{api}", api, StringComparison.Ordinal).Replace("{site}", publication.BaseUrl, StringComparison.Ordinal)));
        return TypedResults.Bytes(page.Bytes, "text/javascript; charset=utf-8", entityTag: page.ETag);
    }

    // Both addresses are made of slugs and settings, which hold no quotes.
    private const string Template = """
        // <div data-post="slug"></div> becomes the post, as far as the reader may see it.
        for (const place of document.querySelectorAll('[data-post]')) {
          const slug = encodeURIComponent(place.dataset.post);
          const token = place.dataset.token;
          fetch('{api}' + slug, { credentials: 'omit', headers: token ? { Authorization: `Bearer ${token}` } : {} })
            .then(answer => answer.ok ? answer.json() : Promise.reject(new Error(`Post ${slug}: ${answer.status}`)))
            .then(post => {
              place.innerHTML = post.html;
              if (post.complete) return;
              const more = document.createElement('p');
              const link = document.createElement('a');
              link.href = '{site}/posts/' + slug;
              link.textContent = 'Read on';
              more.append(link);
              place.append(more);
            })
            .catch(error => console.error(error));
        }
        """;
}
