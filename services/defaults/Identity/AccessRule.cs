using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Identity;

/// <summary>Who may call an endpoint. Each has exactly one; an endpoint without is refused.</summary>
public sealed record AccessRule(AccessKind Kind, string? Permission = null);

public enum AccessKind { Anyone, Readers, Staff, Services, Loopback, Forwarded, OwnKeys }

/// <summary>A form that anonymous visitors post: guarded by where the request comes from, so that its page stays cacheable.</summary>
internal sealed record SameOriginForm;

/// <summary>Routes below <c>{p}</c>: the publication is looked up in the service's own database, and a token for another one is refused.</summary>
internal sealed record PublicationScope(Type Db);

/// <summary>What an endpoint does while its publication is suspended, where that is not what its caller would expect.</summary>
internal sealed record WhileSuspended(bool IsOpen);

public static class AccessRules
{
    /// <summary>A group of routes of one publication; the pattern contains <c>{p}</c>.</summary>
    public static RouteGroupBuilder MapPublication<TDb>(this IEndpointRouteBuilder routes, string pattern) where TDb : ServiceDb =>
        routes.MapGroup(pattern).WithMetadata(new PublicationScope(typeof(TDb)));

    /// <summary>Anonymous callers too; a token, if there is one, must still be good.</summary>
    public static T ForAnyone<T>(this T endpoint) where T : IEndpointConventionBuilder => endpoint.WithMetadata(new AccessRule(AccessKind.Anyone));

    /// <summary>Signed-in readers; browsers without a session are sent to the sign-in page.</summary>
    public static T ForReaders<T>(this T endpoint) where T : IEndpointConventionBuilder => endpoint.WithMetadata(new AccessRule(AccessKind.Readers));

    public static T ForStaff<T>(this T endpoint, string permission) where T : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new AccessRule(AccessKind.Staff, permission));

    /// <summary>Below <c>/internal</c>: reached only from our own processes; the gateway never routes it.</summary>
    public static T ForServices<T>(this T endpoint) where T : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new AccessRule(AccessKind.Services)).WithMetadata(new ExcludeFromDescriptionAttribute());

    /// <summary>Health and metrics: not routed from outside by the gateway; standalone answers them to its own machine only.</summary>
    public static T ForLoopback<T>(this T endpoint) where T : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new AccessRule(AccessKind.Loopback)).WithMetadata(new ExcludeFromDescriptionAttribute());

    /// <summary>The gateway's: the service behind it decides.</summary>
    public static T DecidedBehind<T>(this T endpoint) where T : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new AccessRule(AccessKind.Forwarded)).WithMetadata(new ExcludeFromDescriptionAttribute());

    /// <summary>Endpoints that check keys of another kind: the sandbox takes Stripe's and SendGrid's in the header where our tokens are.</summary>
    public static T ForOwnKeys<T>(this T endpoint) where T : IEndpointConventionBuilder => endpoint.WithMetadata(new AccessRule(AccessKind.OwnKeys));

    /// <summary>Goes on for readers and strangers of a suspended publication: they may always leave it, and take what is theirs with them.</summary>
    public static T OpenWhileSuspended<T>(this T endpoint) where T : IEndpointConventionBuilder => endpoint.WithMetadata(new WhileSuspended(IsOpen: true));

    /// <summary>Not for the staff of a suspended publication, who otherwise may look at it and tidy up; operators still may.</summary>
    public static T ClosedWhileSuspended<T>(this T endpoint) where T : IEndpointConventionBuilder => endpoint.WithMetadata(new WhileSuspended(IsOpen: false));

    /// <summary>Marks a form that anonymous visitors post: refused when the browser says that another site sent it.</summary>
    public static T FromSameOrigin<T>(this T endpoint) where T : IEndpointConventionBuilder => endpoint.WithMetadata(new SameOriginForm());
}
