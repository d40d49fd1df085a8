namespace Newsletter.Subscriber.Tokens;

/// <summary>An ES256 key pair of the internal tokens; the private part is encrypted with Data Protection.</summary>
internal sealed class SigningKey
{
    private SigningKey() { }

    /// <summary>Counts up; as the key of its table, it lets one of two processes that rotate at once win.</summary>
    public int Generation { get; private set; }
    public string Kid { get; private set; } = "";
    public byte[] ProtectedPrivateKey { get; private set; } = [];
    /// <summary>When it starts to sign; it is published before.</summary>
    public DateTimeOffset ActiveFrom { get; private set; }

    public static SigningKey Create(int generation, byte[] protectedPrivateKey, DateTimeOffset activeFrom) => new()
    {
        Generation = generation,
        Kid = Guid.NewGuid().ToString("N"),
        ProtectedPrivateKey = protectedPrivateKey,
        ActiveFrom = activeFrom,
    };
}
