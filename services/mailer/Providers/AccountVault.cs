using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Newsletter.Defaults.Http;

namespace Newsletter.Mailer.Providers;

/// <summary>A publication's credentials. Each provider has its own of these.</summary>
internal sealed record AccountSecrets
{
    public string? ApiKey { get; init; }
    public string? Password { get; init; }
    public string? SecretKey { get; init; }
    /// <summary>PEM.</summary>
    public string? DkimPrivateKey { get; init; }
}

/// <summary>Encrypts what the database keeps for us and nobody may read there.</summary>
internal sealed class AccountVault(IDataProtectionProvider protection)
{
    private readonly IDataProtector _accounts = protection.CreateProtector("mailer.mail-account");
    private readonly IDataProtector _keys = protection.CreateProtector("mailer.dkim-key");

    public string Lock(AccountSecrets secrets) => _accounts.Protect(JsonSerializer.Serialize(secrets, Json.Options));

    /// <summary>Null where the keys of this database are not those that it was encrypted with.</summary>
    public AccountSecrets? Open(string secrets)
    {
        try
        {
            return JsonSerializer.Deserialize<AccountSecrets>(_accounts.Unprotect(secrets), Json.Options);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public string LockKey(string pem) => _keys.Protect(pem);

    /// <summary>Null as for <see cref="Open"/>.</summary>
    public string? OpenKey(string key)
    {
        try
        {
            return _keys.Unprotect(key);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
