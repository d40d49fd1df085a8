namespace Newsletter.Sandbox.Webhooks;

/// <summary>What Stripe is to do wrong. An empty object ends it.</summary>
internal sealed record StripeFaults
{
    /// <summary>Extra copies of each delivery.</summary>
    public int Repeat { get; init; }

    public bool Shuffle { get; init; }

    /// <summary>So many deliveries are lost on the way at first, and tried again later.</summary>
    public int DropFirst { get; init; }

    /// <summary>Milliseconds that each event waits before it is delivered.</summary>
    public int HoldMs { get; init; }

    /// <summary>Status that the next <see cref="ApiCount"/> calls of the API are answered with.</summary>
    public int ApiStatus { get; init; }

    public int ApiCount { get; init; }
}

/// <summary>What SendGrid is to do wrong. An empty object ends it.</summary>
internal sealed record SendGridFaults
{
    /// <summary>Status (429, 500, 503) that the next <see cref="Count"/> calls of mail/send are answered with.</summary>
    public int Status { get; init; }

    public int Count { get; init; }

    /// <summary>Seconds, sent with a 429.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Takes the mail of the next <see cref="Count"/> calls, and never answers.</summary>
    public bool TimeoutAfterAccept { get; init; }

    /// <summary>Takes the mail of the next <see cref="Count"/> calls, and cuts the connection instead of an answer.</summary>
    public bool DropAfterAccept { get; init; }

    /// <summary>Milliseconds that each call waits for its answer after its mail was taken.</summary>
    public int LatencyMs { get; init; }

    /// <summary>Events are told only when this has ended.</summary>
    public bool HoldEvents { get; init; }

    /// <summary>Extra copies of each event.</summary>
    public int RepeatEvents { get; init; }

    public bool ShuffleEvents { get; init; }
}

internal sealed class SandboxFaults
{
    private readonly Lock gate = new();
    private StripeFaults stripe = new();
    private SendGridFaults sendGrid = new();

    public StripeFaults Stripe
    {
        get => stripe;
        set
        {
            lock (gate)
            {
                stripe = value;
            }
        }
    }

    public SendGridFaults SendGrid
    {
        get => sendGrid;
        set
        {
            lock (gate)
            {
                sendGrid = value;
            }
        }
    }

    public int? TakeApiFault()
    {
        lock (gate)
        {
            if (stripe.ApiCount <= 0 || stripe.ApiStatus == 0)
            {
                return null;
            }

            stripe = stripe with { ApiCount = stripe.ApiCount - 1 };
            return stripe.ApiStatus;
        }
    }

    public bool TakeDrop()
    {
        lock (gate)
        {
            if (stripe.DropFirst <= 0)
            {
                return false;
            }

            stripe = stripe with { DropFirst = stripe.DropFirst - 1 };
            return true;
        }
    }

    /// <summary>The fault of this call of mail/send, if any is left.</summary>
    public SendGridFaults? TakeMailFault()
    {
        lock (gate)
        {
            if (sendGrid.Count <= 0)
            {
                return null;
            }

            sendGrid = sendGrid with { Count = sendGrid.Count - 1 };
            return sendGrid;
        }
    }
}
