namespace Newsletter.Subscriber.SignUp;

/// <summary>A command of another service that has been carried out; kept a month.</summary>
internal sealed record HandledCommand(Guid Id, DateTimeOffset HandledAt);
