using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Newsletter.Defaults.Problems;

/// <summary>RFC 9457 problem details for what goes wrong in handlers.</summary>
public static class Problem
{
    public static ProblemHttpResult NotFound(string detail = "There is nothing here.") => Of(StatusCodes.Status404NotFound, detail);
    public static ProblemHttpResult Unauthorized(string detail) => Of(StatusCodes.Status401Unauthorized, detail);
    public static ProblemHttpResult Forbidden(string detail) => Of(StatusCodes.Status403Forbidden, detail);
    public static ProblemHttpResult Conflict(string detail) => Of(StatusCodes.Status409Conflict, detail);
    public static ProblemHttpResult BadRequest(string detail) => Of(StatusCodes.Status400BadRequest, detail);
    public static ProblemHttpResult Gone(string detail) => Of(StatusCodes.Status410Gone, detail);
    public static ProblemHttpResult TooManyRequests(string detail) => Of(StatusCodes.Status429TooManyRequests, detail);

    /// <summary>Of a suspended publication. Not 410, after which feed readers and search engines never come back.</summary>
    public static ProblemHttpResult Closed() =>
        TypedResults.Problem("It does not publish at the moment.", title: "This publication is closed", statusCode: StatusCodes.Status403Forbidden);

    public static ProblemHttpResult Of(int status, string detail) => TypedResults.Problem(detail, statusCode: status);

    /// <summary>400 with one message per field, in the form that model validation answers with.</summary>
    public static ValidationProblem Field(string field, string message) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]> { [field] = [message] });
}
