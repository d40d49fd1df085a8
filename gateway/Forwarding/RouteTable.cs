namespace Newsletter.Gateway.Forwarding;

/// <summary>A path and the service that answers it; the lowest order wins.</summary>
internal sealed record ServiceRoute(string Service, string Path, int Order);

/// <summary>Which service answers what. A publication's pages that no other service owns are content's.</summary>
internal static class RouteTable
{
    private const string Api = "/api/v1/publications/{p}";

    private static readonly Dictionary<string, string[]> Exact = new()
    {
        ["subscriber"] =
        [
            "/{p}/subscribe/{**rest}", "/{p}/confirm/{**rest}", "/{p}/sign-in/{**rest}", "/{p}/sign-out", "/{p}/account/{**rest}", "/{p}/unsubscribe/{**rest}",
            "/api/v1/account/{**rest}", $"{Api}/subscriptions/{{**rest}}", $"{Api}/subscribers/{{**rest}}", $"{Api}/members/{{**rest}}", $"{Api}/keys/{{**rest}}",
            "/api/v1/audit", $"{Api}/audit", $"{Api}/statistics/readers",
        ],
        ["billing"] =
        [
            "/{p}/plans/{**rest}", "/{p}/checkout/{**rest}", "/{p}/billing/{**rest}", "/{p}/gifts/{**rest}", "/webhooks/stripe/{**rest}",
            $"{Api}/tiers/{{**rest}}", $"{Api}/checkout/{{**rest}}", $"{Api}/grants/{{**rest}}", $"{Api}/payments/{{**rest}}", $"{Api}/payment-account",
            $"{Api}/memberships", $"{Api}/statistics/members",
        ],
        ["mailer"] =
        [
            "/{p}/editions/{**rest}", "/webhooks/sendgrid/{**rest}", "/webhooks/ses/{**rest}", "/webhooks/smtp/{**rest}", "/t/{**rest}", "/o/{**rest}",
            $"{Api}/editions/{{**rest}}", $"{Api}/roundups/{{**rest}}", $"{Api}/segments/{{**rest}}", $"{Api}/senders/{{**rest}}", $"{Api}/deliverability/{{**rest}}",
            $"{Api}/posts/{{slug}}/test", $"{Api}/deliveries", $"{Api}/letters/{{**rest}}", $"{Api}/statistics/letters",
        ],
        ["sandbox"] = ["/sandbox/{**rest}"],
        // Its pages, and the connection that they hold.
        ["console"] = ["/console/{**rest}", "/_blazor/{**rest}"],
        ["content"] = ["/api/v1/publications/{**rest}", "/assets/{**rest}", "/media/{**rest}", "/embed/{**rest}"],
    };

    public static IReadOnlyList<ServiceRoute> All { get; } =
    [
        .. Exact.SelectMany(service => service.Value.Select(path => new ServiceRoute(service.Key, path, service.Key == "content" ? 50 : 10))),
        .. ((string[])["subscriber", "content", "billing", "mailer"]).Select(service => new ServiceRoute(service, $"/api/v1/operations/{service}/{{**rest}}", 10)),
        new("content", "/{p}/{**rest}", 100),
    ];
}
