namespace Newsletter.Defaults.Identity;

/// <summary>Who somebody is to a publication. Readers and staff are never the same person to us.</summary>
public enum Role { Reader, Author, Editor, Owner, Operator }

/// <summary>What staff may do, and with the same words the scopes of an API key.</summary>
public static class Permission
{
    public const string PublicationRead = "publication:read";
    public const string PublicationWrite = "publication:write";
    public const string PostsRead = "posts:read";
    public const string PostsWrite = "posts:write";
    public const string PostsPublish = "posts:publish";
    public const string SubscribersRead = "subscribers:read";
    public const string SubscribersWrite = "subscribers:write";
    public const string SubscribersExport = "subscribers:export";
    public const string EditionsRead = "editions:read";
    public const string EditionsWrite = "editions:write";
    public const string BillingRead = "billing:read";
    public const string BillingWrite = "billing:write";
    public const string SendersWrite = "senders:write";
    public const string StaffWrite = "staff:write";
    public const string KeysWrite = "keys:write";
    public const string AuditRead = "audit:read";
    /// <summary>The installation: publications made and suspended, resyncs, error queues.</summary>
    public const string Operate = "installation:operate";

    private static readonly string[] Author = [PublicationRead, PostsRead, PostsWrite, EditionsRead];
    private static readonly string[] Editor = [.. Author, PostsPublish, SubscribersRead, EditionsWrite];
    private static readonly string[] Owner =
        [.. Editor, PublicationWrite, SubscribersWrite, SubscribersExport, BillingRead, BillingWrite, SendersWrite, StaffWrite, KeysWrite, AuditRead];

    /// <summary>The permission table.</summary>
    public static IReadOnlyDictionary<Role, IReadOnlySet<string>> Of { get; } = new Dictionary<Role, IReadOnlySet<string>>
    {
        [Role.Reader] = new HashSet<string>(),
        [Role.Author] = Author.ToHashSet(),
        [Role.Editor] = Editor.ToHashSet(),
        [Role.Owner] = Owner.ToHashSet(),
        [Role.Operator] = new HashSet<string>([.. Owner, Operate]),
    };

    public static IReadOnlySet<string> All => Of[Role.Operator];
}
