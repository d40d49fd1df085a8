namespace Newsletter.Mailer.Storage;

/// <summary>How far the rate of an account, a publication, or an account's letters to a domain is used up. Moved on by <c>Allowances</c> in one statement.</summary>
public sealed class Allowance
{
    private Allowance() { }

    public Guid Id { get; private set; }
    /// <summary>When the next letters may leave, in microseconds since 1970: the generic cell rate algorithm's theoretical arrival time.</summary>
    public long NextAt { get; private set; }
}
