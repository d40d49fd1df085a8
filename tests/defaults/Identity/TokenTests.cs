using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Tests.Http;

namespace Newsletter.Defaults.Tests.Identity;

/// <summary>Only a token that subscriber signed, for us, for this publication and for now, lets anybody in.</summary>
public sealed class TokenTests(ShelfApi shelf) : IClassFixture<ShelfApi>
{
    [Fact]
    public async Task A_good_token_is_let_in()
    {
        Assert.Equal(HttpStatusCode.OK, await CallAsync(shelf.Service.Tokens.Sign(Role.Reader, shelf.Papers.Id)));
    }

    [Fact]
    public async Task No_token_is_asked_to_sign_in() => Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(null));

    [Fact]
    public async Task An_expired_token_is_refused()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(shelf.Service.Tokens.Sign(Role.Reader, shelf.Papers.Id, lifetime: TimeSpan.FromSeconds(-10))));
    }

    [Theory, InlineData(""), InlineData("nonsense"), InlineData("a.b.c"), InlineData("nlk_0123456789")]
    public async Task What_is_no_token_is_refused(string token) => Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(token));

    [Fact]
    public async Task A_token_of_another_publication_is_refused()
    {
        Assert.Equal(HttpStatusCode.Forbidden, await CallAsync(shelf.Service.Tokens.Sign(Role.Reader, shelf.Poems.Id)));
        Assert.Equal(HttpStatusCode.Forbidden, await CallAsync(shelf.Service.Tokens.Sign(Role.Owner, shelf.Poems.Id), "notes"));
        Assert.Equal(HttpStatusCode.Forbidden, await CallAsync(shelf.Service.Tokens.Sign(Role.Operator, publication: null)));
    }

    [Fact]
    public async Task A_token_signed_by_a_stranger_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(Forge(new ECDsaSecurityKey(key) { KeyId = shelf.Service.Tokens.KeyId }, SecurityAlgorithms.EcdsaSha256)));
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(Forge(new ECDsaSecurityKey(key) { KeyId = "other" }, SecurityAlgorithms.EcdsaSha256)));
    }

    [Fact]
    public async Task A_token_that_was_changed_after_signing_is_refused()
    {
        var parts = shelf.Service.Tokens.Sign(Role.Reader, shelf.Poems.Id).Split('.');
        var body = Base64UrlEncoder.Decode(parts[1]).Replace(shelf.Poems.Id.ToString(), shelf.Papers.Id.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync($"{parts[0]}.{Base64UrlEncoder.Encode(body)}.{parts[2]}"));
    }

    [Fact]
    public async Task A_token_without_a_signature_is_refused()
    {
        var parts = shelf.Service.Tokens.Sign(Role.Reader, shelf.Papers.Id).Split('.');
        var header = Base64UrlEncoder.Encode("{\"alg\":\"none\",\"typ\":\"JWT\"}");
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync($"{header}.{parts[1]}."));
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync($"{header}.{parts[1]}.{parts[2]}"));
    }

    [Fact]
    public async Task A_token_keyed_with_our_public_key_is_refused()
    {
        var published = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(shelf.Service.Tokens.Jwks)) { KeyId = shelf.Service.Tokens.KeyId };
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(Forge(published, SecurityAlgorithms.HmacSha256)));
    }

    [Theory]
    [InlineData("somebody", TokenClaims.Audience)]
    [InlineData(TokenClaims.Issuer, "somebody")]
    public async Task A_token_by_or_for_somebody_else_is_refused(string issuer, string audience)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(shelf.Service.Tokens.Sign(Descriptor(issuer, audience))));
    }

    [Theory]
    [InlineData(TokenClaims.Role, "emperor")]
    [InlineData(TokenClaims.Role, "4")]
    [InlineData(TokenClaims.Subject, "me")]
    [InlineData(TokenClaims.Session, "")]
    [InlineData(TokenClaims.Publication, "all")]
    public async Task A_token_with_a_claim_that_makes_no_sense_is_refused(string claim, string value)
    {
        var descriptor = Descriptor(TokenClaims.Issuer, TokenClaims.Audience);
        descriptor.Claims[claim] = value;
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(shelf.Service.Tokens.Sign(descriptor)));
    }

    private string Forge(SecurityKey key, string algorithm)
    {
        var descriptor = Descriptor(TokenClaims.Issuer, TokenClaims.Audience);
        descriptor.SigningCredentials = new(key, algorithm);
        return new JsonWebTokenHandler().CreateToken(descriptor);
    }

    private SecurityTokenDescriptor Descriptor(string issuer, string audience) => new()
    {
        Issuer = issuer,
        Audience = audience,
        Expires = DateTime.UtcNow.AddMinutes(5),
        Claims = new Dictionary<string, object>
        {
            [TokenClaims.Subject] = Guid.CreateVersion7().ToString(),
            [TokenClaims.Role] = "reader",
            [TokenClaims.Session] = Guid.CreateVersion7().ToString(),
            [TokenClaims.Publication] = shelf.Papers.Id.ToString(),
        },
    };

    private async Task<HttpStatusCode> CallAsync(string? token, string path = "mine")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/publications/papers/{path}");
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using var answer = await shelf.Service.Anonymous().SendAsync(request, TestContext.Current.CancellationToken);
        if (!answer.IsSuccessStatusCode) await ProblemTests.IsProblemAsync(answer, answer.StatusCode);
        return answer.StatusCode;
    }
}

/// <summary>Subscriber changes its signing key.</summary>
public sealed class KeyRotationTests(ShelfApi shelf) : IClassFixture<ShelfApi>
{
    [Fact]
    public async Task A_new_key_is_fetched_when_it_is_first_seen_but_not_for_every_stranger()
    {
        var old = shelf.Service.Tokens.Sign(Role.Reader, shelf.Papers.Id);
        Assert.Equal(HttpStatusCode.OK, await CallAsync(old));
        // However long this takes here, no time passes there.
        shelf.Service.Time.Jump(TimeSpan.FromMinutes(-1));
        shelf.Service.Tokens.Rotate();
        var fresh = shelf.Service.Tokens.Sign(Role.Reader, shelf.Papers.Id);
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(fresh));

        shelf.Service.Time.Jump(TimeSpan.FromMinutes(1));
        shelf.Service.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(HttpStatusCode.OK, await CallAsync(fresh));
    }

    private async Task<HttpStatusCode> CallAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/publications/papers/mine");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await shelf.Service.Anonymous().SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
