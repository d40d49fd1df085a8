using Newsletter.Console.Api;
using Newsletter.Defaults.Identity;

namespace Newsletter.Console;

/// <summary>Who looks at the page, and what they may do where. Roles hide here what the API refuses anyway.</summary>
internal sealed class Staff(NewsletterApi api)
{
    private Account? _account;

    public async Task<Account> AccountAsync(CancellationToken cancellation = default) => _account ??= await api.GetAsync<Account>("account", cancellation);

    /// <summary>Null for a publication that they have no part in; operators have a part in all.</summary>
    public async Task<Membership?> MembershipAsync(string slug, CancellationToken cancellation = default)
    {
        var account = await AccountAsync(cancellation);
        if (account.Memberships.FirstOrDefault(m => m.Slug == slug) is { } own) return account.IsOperator ? own with { Role = Role.Operator } : own;
        if (!account.IsOperator) return null;
        return await api.FindAsync<Publication>($"publications/{slug}", cancellation) is { } p ? new(p.Id, p.Slug, p.Name, Role.Operator) : null;
    }
}
