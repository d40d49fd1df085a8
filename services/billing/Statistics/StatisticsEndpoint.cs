using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Defaults.Identity;

namespace Newsletter.Billing.Statistics;

internal static class StatisticsEndpoint
{
    public static void MapMemberStatistics(this RouteGroupBuilder api) => api.MapGet("/statistics/members", GetAsync).ForStaff(Permission.BillingRead);

    /// <summary>The last days, oldest first, today included; at most a minute old.</summary>
    private static async Task<Ok<MembersView>> GetAsync(CurrentPublication publication, MemberStatistics statistics, [Range(1, 366)] int days = 28) =>
        TypedResults.Ok(await statistics.GetAsync(publication.Snapshot, days));
}
