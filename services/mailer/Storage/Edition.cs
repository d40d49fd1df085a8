using System.Diagnostics;
using Newsletter.Contracts;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Storage;

namespace Newsletter.Mailer.Storage;

public enum EditionKind { Post, Roundup }

/// <summary>Preparing: batches are still being written (the first may already be on their way).</summary>
public enum EditionState { Preparing, Sending, Sent, Cancelled }

/// <summary>One mailing of a newsletter: a post's, or a roundup's slot.</summary>
[Audited]
public sealed class Edition
{
    /// <summary>How long a letter may be tried before it has failed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromHours(48);

    private Edition() { }

    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    public Guid NewsletterId { get; private set; }
    public EditionKind Kind { get; private set; }
    /// <summary>Unique with the newsletter: a post is mailed once.</summary>
    public Guid? PostId { get; private set; }
    /// <summary>Unique with the newsletter: a roundup's slot is mailed once, however early it was run.</summary>
    public DateTimeOffset? SlotAt { get; private set; }
    /// <summary>A roundup holds what was first published in (from, until].</summary>
    public DateTimeOffset? PeriodFrom { get; private set; }
    public DateTimeOffset? PeriodUntil { get; private set; }
    /// <summary>The posts that it was made of. The next roundup takes what this one could not know yet.</summary>
    public IReadOnlyList<Guid> PostIds { get; private set; } = [];
    public string Subject { get; private set; } = "";
    public EditionState State { get; private set; }
    public DateTimeOffset? PausedAt { get; private set; }
    public string? PauseReason { get; private set; }

    /// <summary>What staff knew when they let it go on: it is not paused again for the same.</summary>
    [NotAudited]
    public EditionHealth Excused { get; private set; } = EditionHealth.Good;

    public DateTimeOffset CreatedAt { get; private set; }
    /// <summary>When the first letters may leave.</summary>
    public DateTimeOffset DueAt { get; private set; }
    /// <summary>What is not accepted by then has failed.</summary>
    public DateTimeOffset DeadlineAt { get; private set; }
    /// <summary>Who consented later is not part of the audience.</summary>
    public DateTimeOffset AudienceAt { get; private set; }
    /// <summary>The last subscriber that fan-out has written; moves in the same transaction as their rows.</summary>
    [NotAudited]
    public Guid Cursor { get; private set; }
    /// <summary>Ledger rows written so far; raised in the same transaction.</summary>
    [NotAudited]
    public int Recipients { get; private set; }
    [NotAudited]
    public Guid? LeaseId { get; private set; }
    [NotAudited]
    public DateTimeOffset? LeaseUntil { get; private set; }
    /// <summary>Until when our own pace holds letters of it back, as was last seen; and by which rate or plan.</summary>
    [NotAudited]
    public DateTimeOffset? HeldUntil { get; private set; }
    [NotAudited]
    public string? HeldReason { get; private set; }
    public DateTimeOffset? FirstAcceptedAt { get; private set; }
    public DateTimeOffset? LastAcceptedAt { get; private set; }
    public DateTimeOffset? FinishedAt { get; private set; }
    /// <summary>Since when its ledger is no longer kept: who got it, and what became of each letter. Its totals are.</summary>
    [NotAudited]
    public DateTimeOffset? LedgerPrunedAt { get; private set; }
    public long Version { get; private set; }
    /// <summary>The publish that it came from: its trace goes on in the batches.</summary>
    [NotAudited]
    public string? TraceParent { get; private set; }
    [NotAudited]
    public string? TraceState { get; private set; }

    public bool IsPaused => PausedAt is not null;
    public bool IsOver => State is EditionState.Sent or EditionState.Cancelled;

    public static Edition OfPost(Guid publication, Guid newsletter, PostSnapshot post, TimeProvider time) =>
        Start(publication, newsletter, EditionKind.Post, post.Title, time, e =>
        {
            (e.PostId, e.PostIds) = (post.Id, [post.Id]);
            // Whoever had joined when it was published is meant, also where our clock is behind.
            if (post.PublishedAt > e.AudienceAt) e.AudienceAt = post.PublishedAt.Value;
        });

    public static Edition OfSlot(
        Guid publication, Guid newsletter, string subject, RoundupPeriod period, IReadOnlyList<Guid> posts, TimeProvider time) =>
        Start(publication, newsletter, EditionKind.Roundup, subject, time, e =>
            (e.SlotAt, e.PeriodFrom, e.PeriodUntil, e.PostIds) = (period.Slot, period.From, period.Until, posts));

    private static Edition Start(Guid publication, Guid newsletter, EditionKind kind, string subject, TimeProvider time, Action<Edition> fill)
    {
        var now = time.GetUtcNow();
        var edition = new Edition
        {
            Id = Guid.CreateVersion7(now),
            PublicationId = publication,
            NewsletterId = newsletter,
            Kind = kind,
            Subject = subject,
            CreatedAt = now,
            DueAt = now,
            AudienceAt = now,
            DeadlineAt = now + Patience,
            Version = HybridClock.Next(0, time),
            TraceParent = Activity.Current?.Id,
            TraceState = Activity.Current?.TraceStateString,
        };
        fill(edition);
        return edition;
    }

    /// <summary>Nothing more leaves; what the provider already has cannot be called back.</summary>
    public bool Pause(string reason, TimeProvider time)
    {
        if (IsOver || IsPaused) return false;
        (PausedAt, PauseReason) = (time.GetUtcNow(), reason);
        (LeaseId, LeaseUntil) = (null, null);
        Touch(time);
        return true;
    }

    /// <summary>The deadline moves on by the time that it stood still.</summary>
    public bool Resume(TimeProvider time)
    {
        if (PausedAt is not { } since) return false;
        DeadlineAt += time.GetUtcNow() - since;
        (PausedAt, PauseReason) = (null, null);
        Touch(time);
        return true;
    }

    /// <summary>Staff let it go on, with this in sight.</summary>
    public bool Resume(EditionHealth seen, TimeProvider time)
    {
        if (!Resume(time)) return false;
        Excused = seen;
        return true;
    }

    public bool Cancel(TimeProvider time)
    {
        if (IsOver) return false;
        (State, FinishedAt, PausedAt, PauseReason) = (EditionState.Cancelled, time.GetUtcNow(), null, null);
        (LeaseId, LeaseUntil) = (null, null);
        Touch(time);
        return true;
    }

    /// <summary>A worker that holds it alone writes its audience; another one goes on where it stopped, should it die.</summary>
    public void Hold(DateTimeOffset until) => LeaseUntil = until;

    /// <summary>A chunk of the audience was written, in the transaction that saves this.</summary>
    public void Wrote(int recipients, Guid cursor, TimeProvider time)
    {
        Recipients += recipients;
        Cursor = cursor;
        Touch(time);
    }

    public void AudienceComplete(TimeProvider time)
    {
        if (State == EditionState.Preparing) State = EditionState.Sending;
        (LeaseId, LeaseUntil) = (null, null);
        Touch(time);
    }

    /// <summary>A post was unpublished. A fan-out that runs meanwhile fails on the version and begins again without it.</summary>
    public void Drop(Guid post, TimeProvider time)
    {
        PostIds = [.. PostIds.Where(id => id != post)];
        Touch(time);
    }

    /// <summary>Every letter has its final state, or waits for nothing but news of its fate.</summary>
    public void Finish(DateTimeOffset? firstAccepted, DateTimeOffset? lastAccepted, TimeProvider time)
    {
        (State, FinishedAt, FirstAcceptedAt, LastAcceptedAt) = (EditionState.Sent, time.GetUtcNow(), firstAccepted, lastAccepted);
        Touch(time);
    }

    private void Touch(TimeProvider time) => Version = HybridClock.Next(Version, time);
}

/// <param name="Slot">The slot's instant in the publication's zone: the edition's key.</param>
public sealed record RoundupPeriod(DateTimeOffset Slot, DateTimeOffset From, DateTimeOffset Until);
