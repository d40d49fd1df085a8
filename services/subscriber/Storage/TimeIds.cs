namespace Newsletter.Subscriber.Storage;

/// <summary>Version 7 ids begin with the millisecond that they were made in: a range of time is a range of their index.</summary>
internal static class TimeIds
{
    /// <summary>Below every id of that millisecond and later.</summary>
    public static Guid FirstAt(DateTimeOffset time)
    {
        var milliseconds = Math.Max(0, time.ToUnixTimeMilliseconds());
        return new((int)(milliseconds >> 16), (short)milliseconds, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
}
