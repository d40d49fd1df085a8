using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <summary>What happened to one edition, by quarters of an hour, before it is added to what is kept.</summary>
internal sealed class Pulses
{
    private static readonly TimeSpan Plausible = TimeSpan.FromDays(60);

    // In one order everywhere, so that two that add to the same quarters wait for each other, and not both.
    private readonly SortedDictionary<int, EditionPulse> _quarters = [];

    private IEnumerable<EditionPulse> All => _quarters.Values;

    /// <param name="at">As somebody else's clock has it: what lies ahead of ours, or long ago, counts as now.</param>
    public EditionPulse At(DateTimeOffset at, DateTimeOffset now)
    {
        var quarter = EditionPulse.QuarterOf(at > now || at < now - Plausible ? now : at);
        if (!_quarters.TryGetValue(quarter, out var pulse)) _quarters[quarter] = pulse = new() { Quarter = quarter };
        return pulse;
    }

    public EditionCounters Sum() => new()
    {
        Opens = All.Sum(p => p.Opens),
        MachineOpens = All.Sum(p => p.MachineOpens),
        Clicks = All.Sum(p => p.Clicks),
        MachineClicks = All.Sum(p => p.MachineClicks),
        Complaints = All.Sum(p => p.Complaints),
        Unsubscribes = All.Sum(p => p.Unsubscribes),
    };

    public async Task AddAsync(MailerDb db, Guid edition, CancellationToken cancellation)
    {
        foreach (var p in All)
        {
            if (p is { Accepted: 0, Delivered: 0, Bounced: 0, Opens: 0, MachineOpens: 0, Clicks: 0, MachineClicks: 0, Complaints: 0, Unsubscribes: 0 }) continue;
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO edition_pulses (edition_id, quarter, publication_id, accepted, delivered, bounced, opens, machine_opens, clicks, machine_clicks, complaints, unsubscribes)
                SELECT id, {p.Quarter}, publication_id, {p.Accepted}, {p.Delivered}, {p.Bounced}, {p.Opens}, {p.MachineOpens}, {p.Clicks}, {p.MachineClicks}, {p.Complaints}, {p.Unsubscribes}
                FROM editions WHERE id = {edition}
                ON CONFLICT (edition_id, quarter) DO UPDATE SET
                    accepted = edition_pulses.accepted + excluded.accepted,
                    delivered = edition_pulses.delivered + excluded.delivered,
                    bounced = edition_pulses.bounced + excluded.bounced,
                    opens = edition_pulses.opens + excluded.opens,
                    machine_opens = edition_pulses.machine_opens + excluded.machine_opens,
                    clicks = edition_pulses.clicks + excluded.clicks,
                    machine_clicks = edition_pulses.machine_clicks + excluded.machine_clicks,
                    complaints = edition_pulses.complaints + excluded.complaints,
                    unsubscribes = edition_pulses.unsubscribes + excluded.unsubscribes
                """, cancellation);
        }
    }
}
