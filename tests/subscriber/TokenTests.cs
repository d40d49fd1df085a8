using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;
using Newsletter.Defaults.Identity;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Tests;

public sealed class TokenTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task The_owners_key_of_the_settings_is_an_operators_for_every_publication()
    {
        var publication = await _app.PublicationAsync();

        var token = new JsonWebToken(await _app.TokenAsync(SubscriberApp.OwnerKey, publication.Id));

        Assert.Equal("operator", token.GetClaim(TokenClaims.Role).Value);
        Assert.Equal(publication.Id.ToString(), token.GetClaim(TokenClaims.Publication).Value);
        Assert.True(token.ValidTo - token.ValidFrom <= TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_token_is_signed_with_a_published_key()
    {
        var token = new JsonWebToken(await _app.TokenAsync(SubscriberApp.OwnerKey, null));

        using var client = _app.Service.Anonymous();
        var published = await client.GetFromJsonAsync<JsonElement>("/internal/jwks");

        var key = Assert.Single(published.GetProperty("keys").EnumerateArray(), k => k.GetProperty("kid").GetString() == token.Kid);
        Assert.Equal("ES256", token.Alg);
        Assert.False(key.TryGetProperty("d", out _));
    }

    [Theory]
    [InlineData("nlk_unknown")]
    [InlineData("nls_unknown")]
    [InlineData("unknown")]
    public async Task An_unknown_credential_is_refused(string credential)
    {
        using var answer = await _app.ExchangeAsync(credential, null);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task A_credential_that_is_empty_or_too_long_is_bad_input()
    {
        using var empty = await _app.ExchangeAsync("", null);
        using var tooLong = await _app.ExchangeAsync(new string('x', 600), null);

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (empty.StatusCode, tooLong.StatusCode));
    }

    [Fact]
    public async Task No_secret_is_stored_as_it_is()
    {
        var (hashes, keys) = await _app.Service.WithDbAsync<SubscriberDb, (List<byte[]>, List<byte[]>)>(async db =>
            (await db.ApiKeys.Select(k => k.Hash).ToListAsync(), await db.SigningKeys.Select(k => k.ProtectedPrivateKey).ToListAsync()));

        Assert.All(hashes, hash => Assert.Equal(32, hash.Length));
        // A PKCS #8 structure is a DER sequence; Data Protection's begins with its own header.
        Assert.All(keys, key => Assert.Equal([0x09, 0xF0, 0xC9, 0xF0], key[..4]));
    }
}
