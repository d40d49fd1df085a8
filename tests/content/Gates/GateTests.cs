using FsCheck;
using FsCheck.Fluent;
using Newsletter.Content.Gates;
using Newsletter.Contracts;

namespace Newsletter.Content.Tests.Gates;

public sealed class GateTests
{
    private static readonly DateTimeOffset Now = new(2026, 7, 10, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Post = Guid.Parse("01000000-0000-7000-8000-000000000001");
    private static readonly Guid Other = Guid.Parse("01000000-0000-7000-8000-000000000002");

    private static readonly ReaderFacts Stranger = ReaderFacts.Anonymous;
    private static readonly ReaderFacts Pending = new(IsKnown: true);
    private static readonly ReaderFacts Subscriber = new(IsKnown: true, IsConfirmed: true);
    private static readonly ReaderFacts Member = new(IsKnown: true, IsConfirmed: true, Tiers: ["reader"]);
    private static readonly ReaderFacts Editor = new(IsKnown: true, IsStaff: true);

    public static TheoryData<string, GateCase> Table()
    {
        var plain = new GateSettings();
        var silent = plain with { Nudge = false };
        var archive = plain with { ArchiveAfterDays = 90, ArchiveAccess = Access.Paid };
        var metered = plain with { MeterPerMonth = 2 };
        return new()
        {
            { "a stranger on a public post is nudged", new(Access.Public, Stranger, plain, GateDecision.Nudge, GateReason.Public) },
            { "without the nudge it is open", new(Access.Public, Stranger, silent, GateDecision.Open, GateReason.Public) },
            { "who is signed in is not nudged", new(Access.Public, Pending, plain, GateDecision.Open, GateReason.Public) },
            { "a stranger signs up for a subscribers' post", new(Access.Subscribers, Stranger, plain, GateDecision.SignUp, GateReason.Subscribers) },
            { "an unconfirmed reader is still a stranger", new(Access.Subscribers, Pending, plain, GateDecision.SignUp, GateReason.Subscribers) },
            { "a subscriber reads a subscribers' post", new(Access.Subscribers, Subscriber, plain, GateDecision.Open, GateReason.Subscriber) },
            { "a stranger upgrades for a paid post", new(Access.Paid, Stranger, plain, GateDecision.Upgrade, GateReason.Paid) },
            { "a subscriber upgrades for a paid post", new(Access.Paid, Subscriber, plain, GateDecision.Upgrade, GateReason.Paid) },
            { "a member reads a paid post", new(Access.Paid, Member, plain, GateDecision.Open, GateReason.Member) },
            { "a member who stopped the mail still reads", new(Access.Paid, Member with { IsConfirmed = false }, plain, GateDecision.Open, GateReason.Member) },
            { "another tier upgrades", new(Access.Paid, Member, plain, GateDecision.Upgrade, GateReason.Tier) { Tiers = ["patron"] } },
            { "the fitting tier reads", new(Access.Paid, Member, plain, GateDecision.Open, GateReason.Member) { Tiers = ["patron", "reader"] } },
            { "staff read everything", new(Access.Paid, Editor, archive, GateDecision.Open, GateReason.Staff) { Tiers = ["patron"] } },
            { "a post of 90 days is not archived yet", new(Access.Public, Stranger, archive, GateDecision.Nudge, GateReason.Public) { Age = TimeSpan.FromDays(90) } },
            { "an older one is", new(Access.Public, Stranger, archive, GateDecision.Upgrade, GateReason.Archive) { Age = TimeSpan.FromDays(90.01) } },
            { "a subscriber is asked by the archive too", new(Access.Subscribers, Subscriber, archive, GateDecision.Upgrade, GateReason.Archive) { Age = TimeSpan.FromDays(91) } },
            { "a member has the archive", new(Access.Public, Member, archive, GateDecision.Open, GateReason.Member) { Age = TimeSpan.FromDays(900) } },
            { "what is kept open stays open", new(Access.Public, Stranger, archive, GateDecision.Nudge, GateReason.Public) { Age = TimeSpan.FromDays(900), KeepOpen = true } },
            { "an archive for less than the post asks changes nothing", new(Access.Paid, Subscriber, archive with { ArchiveAccess = Access.Subscribers }, GateDecision.Upgrade, GateReason.Paid) { Age = TimeSpan.FromDays(91) } },
            { "the meter opens and counts", new(Access.Subscribers, Stranger, metered, GateDecision.Open, GateReason.Meter) { Takes = true } },
            { "what was opened stays open", new(Access.Subscribers, Stranger with { MeterRead = [Post, Other] }, metered, GateDecision.Open, GateReason.Meter) },
            { "a spent meter closes", new(Access.Subscribers, Stranger with { MeterRead = [Other, Guid.Empty] }, metered, GateDecision.MeterSpent, GateReason.Subscribers) },
            { "the meter never opens a tier's own post", new(Access.Paid, Stranger, metered, GateDecision.Upgrade, GateReason.Paid) { Tiers = ["patron"] } },
            { "a crawler sees the free cut", new(Access.Subscribers, Stranger with { IsCrawler = true }, metered, GateDecision.SignUp, GateReason.Subscribers) },
        };
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void The_gate_decides(string why, GateCase expected)
    {
        var gate = Gate.Decide(new(Post, expected.Access, expected.Tiers, expected.KeepOpen, Now - expected.Age), expected.Reader, expected.Settings, Now);
        Assert.True((expected.Decision, expected.Reason, expected.Takes) == (gate.Decision, gate.Reason, gate.TakesFromMeter), $"{why}: {gate}");
    }

    [Fact]
    public void A_paying_member_of_a_fitting_tier_is_never_gated() => Holds((post, reader, settings) =>
        !(reader.Tiers is { Count: > 0 } held && (post.Tiers.Count == 0 || held.Any(post.Tiers.Contains))) || Gate.Decide(post, reader, settings, Now).IsOpen);

    [Fact]
    public void Who_is_let_in_has_the_level_that_the_post_asks_for() => Holds((post, reader, settings) =>
        Gate.Decide(post, reader, settings, Now) is var gate && (gate.IsOpen ? gate.Level >= gate.Asks && gate.Level >= post.Access : gate.Level == Access.Public));

    [Fact]
    public void Nobody_loses_by_subscribing() => Holds((post, reader, settings) =>
        !Gate.Decide(post, reader, settings, Now).IsOpen || Gate.Decide(post, reader with { IsKnown = true, IsConfirmed = true }, settings, Now).IsOpen);

    [Fact]
    public void Only_what_the_meter_opens_is_counted_and_only_once() => Holds((post, reader, settings) =>
    {
        var gate = Gate.Decide(post, reader, settings, Now);
        if (!gate.TakesFromMeter) return true;
        var again = Gate.Decide(post, reader with { MeterRead = [.. reader.MeterRead ?? [], post.Id] }, settings, Now);
        return gate.IsOpen && again is { IsOpen: true, TakesFromMeter: false };
    });

    [Fact]
    public void Public_posts_outside_the_archive_are_open_to_all() => Holds((post, reader, settings) =>
        post.Access != Access.Public || settings.ArchiveAfterDays is not null || Gate.Decide(post, reader, settings, Now).IsOpen);

    private static void Holds(Func<PostFacts, ReaderFacts, GateSettings, bool> property) =>
        Prop.ForAll(Cases().ToArbitrary(), c => property(c.Item1, c.Item2, c.Item3)).QuickCheckThrowOnFailure();

    private static Gen<(PostFacts, ReaderFacts, GateSettings)> Cases()
    {
        var access = Gen.Elements(Access.Public, Access.Subscribers, Access.Paid);
        var flag = Gen.Elements(true, false);
        var tiers = Gen.SubListOf("reader", "patron", "team");
        var post = from a in access
                   from t in tiers
                   from keep in flag
                   from age in Gen.Choose(0, 400)
                   select new PostFacts(Post, a, a == Access.Paid ? [.. t] : [], keep, Now.AddDays(-age));
        var reader = from known in flag
                     from confirmed in flag
                     from staff in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true)))
                     from held in tiers
                     from read in Gen.SubListOf(Post, Other, Guid.Empty)
                     from crawler in flag
                     select new ReaderFacts(known, confirmed, staff, [.. held], [.. read], crawler);
        var settings = from days in Gen.Elements<int?>(null, 30, 365)
                       from a in access
                       from free in Gen.Elements<int?>(null, 1, 3)
                       from nudge in flag
                       select new GateSettings { ArchiveAfterDays = days, ArchiveAccess = a, MeterPerMonth = free, Nudge = nudge };
        return from p in post from r in reader from s in settings select (p, r, s);
    }
}

public sealed record GateCase
{
    internal GateCase(Access access, ReaderFacts reader, GateSettings settings, GateDecision decision, GateReason reason) =>
        (Access, Reader, Settings, Decision, Reason) = (access, reader, settings, decision, reason);

    public Access Access { get; }
    internal ReaderFacts Reader { get; }
    internal GateSettings Settings { get; }
    internal GateDecision Decision { get; }
    internal GateReason Reason { get; }
    public IReadOnlyList<string> Tiers { get; init; } = [];
    public bool KeepOpen { get; init; }
    public TimeSpan Age { get; init; } = TimeSpan.FromDays(1);
    public bool Takes { get; init; }
}
