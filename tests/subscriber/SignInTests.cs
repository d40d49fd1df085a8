using System.Net;
using Newsletter.Contracts;

namespace Newsletter.Subscriber.Tests;

public sealed class SignInTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task A_link_signs_in_once_and_only_by_its_button()
    {
        var publication = await _app.PublicationAsync();
        await _app.ReaderAsync(publication, "ada@example.com");
        var token = SubscriberApp.TokenOf((await AskAsync(publication, "ada@example.com")).Values["link"]);

        using var client = _app.Service.Anonymous();
        using var opened = await client.GetAsync($"/{publication.Slug}/sign-in?token={token}");
        using var first = await _app.PostAsync(publication, "/sign-in", ("token", token), ("return", "/posts/one"));
        using var second = await _app.PostAsync(publication, "/sign-in", ("token", token));

        Assert.Equal((HttpStatusCode.OK, "no-referrer"), (opened.StatusCode, opened.Headers.GetValues("Referrer-Policy").Single()));
        Assert.False(opened.Headers.Contains("Set-Cookie"));
        Assert.Equal($"{publication.BaseUrl}/posts/one", first.Headers.Location!.ToString());
        Assert.NotEmpty(await _app.TokenAsync(SubscriberApp.SessionOf(first, publication), publication.Id));
        Assert.Equal(HttpStatusCode.Gone, second.StatusCode);
        Assert.False(second.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task The_cookie_is_for_this_host_only_and_out_of_scripts_reach()
    {
        var publication = await _app.PublicationAsync();
        await _app.ReaderAsync(publication, "ada@example.com");
        var mail = await AskAsync(publication, "ada@example.com");

        using var answer = await _app.PostAsync(publication, "/sign-in", ("email", "ada@example.com"), ("code", mail.Values["code"]));

        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.Ordinal);
        Assert.Contains("samesite=lax", cookie, StringComparison.Ordinal);
        Assert.Contains("path=/;", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("domain", cookie, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_works_once_and_kills_the_link_of_the_same_mail()
    {
        var publication = await _app.PublicationAsync();
        await _app.ReaderAsync(publication, "ada@example.com");
        var mail = await AskAsync(publication, "ada@example.com");
        (string, string)[] form = [("email", "ada@example.com"), ("code", mail.Values["code"])];

        using var first = await _app.PostAsync(publication, "/sign-in", form);
        using var second = await _app.PostAsync(publication, "/sign-in", form);
        using var link = await _app.PostAsync(publication, "/sign-in", ("token", SubscriberApp.TokenOf(mail.Values["link"])));

        Assert.Matches("^[0-9]{6}$", mail.Values["code"]);
        Assert.Equal((HttpStatusCode.SeeOther, HttpStatusCode.BadRequest, HttpStatusCode.Gone), (first.StatusCode, second.StatusCode, link.StatusCode));
    }

    [Fact]
    public async Task After_five_wrong_codes_the_right_one_is_too_late_even_from_a_new_mail()
    {
        var publication = await _app.PublicationAsync();
        await _app.ReaderAsync(publication, "ada@example.com");
        var mail = await AskAsync(publication, "ada@example.com");
        var wrong = mail.Values["code"] == "000000" ? "000001" : "000000";
        for (var i = 0; i < 5; i++)
        {
            using (await _app.PostAsync(publication, "/sign-in", ("email", "ada@example.com"), ("code", wrong))) { }
        }

        using var right = await _app.PostAsync(publication, "/sign-in", ("email", "ada@example.com"), ("code", mail.Values["code"]));
        var fresh = await AskAsync(publication, "ada@example.com", atLeast: 2);
        using var another = await _app.PostAsync(publication, "/sign-in", ("email", "ada@example.com"), ("code", fresh.Values["code"]));
        using var link = await _app.PostAsync(publication, "/sign-in", ("token", SubscriberApp.TokenOf(mail.Values["link"])));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (right.StatusCode, another.StatusCode));
        Assert.Equal(HttpStatusCode.SeeOther, link.StatusCode);
    }

    [Fact]
    public async Task Known_and_unknown_addresses_are_answered_alike_at_every_step()
    {
        var publication = await _app.PublicationAsync();
        await _app.ReaderAsync(publication, "known-reader@example.com");

        List<string> answers = [];
        foreach (var email in new[] { "known-reader@example.com", "nobody-else@example.com" })
        {
            using var asked = await _app.PostAsync(publication, "/sign-in", ("email", email));
            using var guessed = await _app.PostAsync(publication, "/sign-in", ("email", email), ("code", "not it"));
            var told = $"{asked.StatusCode} {await asked.Content.ReadAsStringAsync()} {guessed.StatusCode} {await guessed.Content.ReadAsStringAsync()}";
            answers.Add(told.Replace(email, "", StringComparison.Ordinal));
        }

        Assert.Single(answers.Distinct());
        await _app.MailAsync(publication, "known-reader@example.com", TransactionalTemplate.SignIn);
        Assert.DoesNotContain(_app.Service.Sent<SendTransactionalMail>(), m => m.To == "nobody-else@example.com");
    }

    [Fact]
    public async Task A_pending_reader_who_wants_to_sign_in_is_mailed_to_confirm()
    {
        var publication = await _app.PublicationAsync();
        using (await _app.SubscribeAsync(publication, new { email = "ada@example.com" })) { }

        using (await _app.PostAsync(publication, "/sign-in", ("email", "ada@example.com"))) { }

        await _app.MailAsync(publication, "ada@example.com", TransactionalTemplate.Confirmation, atLeast: 2);
        Assert.Empty(_app.MailsTo(publication, "ada@example.com", TransactionalTemplate.SignIn));
    }

    [Fact]
    public async Task The_sixth_mail_of_an_hour_is_not_sent()
    {
        var publication = await _app.PublicationAsync();
        await _app.ReaderAsync(publication, "ada@example.com");
        for (var i = 1; i <= 5; i++) await AskAsync(publication, "ada@example.com", atLeast: i);

        using var sixth = await _app.PostAsync(publication, "/sign-in", ("email", "ada@example.com"));

        Assert.Equal(HttpStatusCode.OK, sixth.StatusCode);
        Assert.Equal(5, _app.MailsTo(publication, "ada@example.com", TransactionalTemplate.SignIn).Count);
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example")]
    [InlineData("javascript:alert(1)")]
    public async Task Signing_in_leads_nobody_to_another_site(string back)
    {
        var publication = await _app.PublicationAsync();
        await _app.ReaderAsync(publication, "ada@example.com");
        var mail = await AskAsync(publication, "ada@example.com");

        using var answer = await _app.PostAsync(publication, "/sign-in", ("token", SubscriberApp.TokenOf(mail.Values["link"])), ("return", back));

        Assert.Equal($"{publication.BaseUrl}/account", answer.Headers.Location!.ToString());
    }

    [Fact]
    public async Task Signing_out_ends_the_session()
    {
        var publication = await _app.PublicationAsync();
        var session = await _app.ReaderAsync(publication, "ada@example.com");
        var reader = await _app.ClientAsync(session, publication.Id);

        using var answer = await SubscriberApp.PostAsync(reader, publication, "/sign-out");

        Assert.Contains("max-age=0", Assert.Single(answer.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        using var exchange = await _app.ExchangeAsync(session, publication.Id);
        Assert.Equal(HttpStatusCode.Unauthorized, exchange.StatusCode);
    }

    private async Task<SendTransactionalMail> AskAsync(PublicationSnapshot publication, string email, int atLeast = 1)
    {
        using (await _app.PostAsync(publication, "/sign-in", ("email", email))) { }
        return await _app.MailAsync(publication, email, TransactionalTemplate.SignIn, atLeast);
    }
}
