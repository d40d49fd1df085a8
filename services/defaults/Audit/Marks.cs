namespace Newsletter.Defaults.Audit;

/// <summary>What staff change of it is told in the audit log, property by property. Rows without this mark never get there.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class AuditedAttribute : Attribute
{
    /// <summary>The property that the log names a row by, where its key is not for others to read.</summary>
    public string? Id { get; init; }
}

/// <summary>A secret, or a personal value of a reader: the log tells that it changed, and never what it was or is. So are all bytes.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class WithheldAttribute : Attribute;

/// <summary>Follows from other properties, and would only repeat them.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NotAuditedAttribute : Attribute;
