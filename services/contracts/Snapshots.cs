namespace Newsletter.Contracts;

/// <summary>
/// The state of one row of its owner. <see cref="Version"/> is a hybrid clock (microseconds since 1970, always rising per row):
/// a consumer writes only what is newer, and keeps (id, version) of what is <see cref="Deleted"/>.
/// </summary>
public interface ISnapshot
{
    Guid Id { get; }
    Guid PublicationId { get; }
    long Version { get; }
    bool Deleted { get; }
}

/// <summary>Part <see cref="Part"/> of <see cref="Parts"/> of an owner's complete state. What a consumer holds with a version below <see cref="Since"/> when all parts have come, the owner no longer has.</summary>
/// <typeparam name="T">The event whose snapshots are sent again.</typeparam>
public sealed record Resync<T>(Guid ResyncId, long Since, int Part, int Parts, T Changed) where T : class;

/// <summary>Asks the owner of an event to send all its rows again.</summary>
/// <param name="Event">The event's type name, such as <c>SubscribersChanged</c>.</param>
/// <param name="Since">
/// The version below which copies let go of what is not sent, so every transaction that stamped a lower one must have ended.
/// 0 only fills: a service that starts with empty copies has nothing to let go.
/// </param>
public sealed record RequestResync(string Event, long Since = 0);

/// <summary>An event that none of our own services needs: where no queue takes it, it is dropped and not kept for later.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class MayGoUnheardAttribute : Attribute;
