namespace Connector.Server.Api;

/// <summary>Ends a request with this status and message.</summary>
internal sealed class ApiError(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    public static ApiError Invalid(string message) => new(400, message);

    public static ApiError NotFound(string what, string id) => new(404, $"there is no {what} {id}");
}
