using Newsletter.Contracts;

namespace Newsletter.Mailer.Letters;

/// <summary>Which part of which post a variant shows: a cut, and its entries in the post's order.</summary>
public sealed record BlockChoice(Guid PostId, Access Level, IReadOnlyList<Guid> EntryIds);
