using Connector.Server.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Api;

/// <summary>
/// Stands before everything under /api and before /metrics: lets in who has the admin token, and gives every failure the one shape, those of routing included. A startup
/// filter, because routing's own answers (404, 405, 415) never reach an endpoint's filters.
/// </summary>
internal sealed partial class ApiGate(ServerSecrets secrets, ILogger<ApiGate> logger) : IStartupFilter
{
    private const string Prefix = "/api";
    private const string Bearer = "Bearer ";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(InvokeAsync);
        next(app);
    };

    private async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.Request.Path.StartsWithSegments(Prefix, StringComparison.OrdinalIgnoreCase)
            && !context.Request.Path.StartsWithSegments(MetricsEndpoint.Path, StringComparison.OrdinalIgnoreCase))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        try
        {
            if (Authorize(context.Request) is { } refusal)
            {
                context.Response.Headers.WWWAuthenticate = "Bearer";
                throw new ApiError(401, refusal);
            }

            await next(context).ConfigureAwait(false);
            if (!context.Response.HasStarted && context.Response.StatusCode >= 400 && context.Response.ContentLength is null or 0)
            {
                await AnswerAsync(context, context.Response.StatusCode, Explain(context)).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away; nobody is there to be answered.
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            var (status, message) = Judge(exception, context);
            await AnswerAsync(context, status, message).ConfigureAwait(false);
        }
    }

    private static Task AnswerAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new ErrorAnswer(status, message), ApiJson.Options, context.RequestAborted);
    }

    private static string Explain(HttpContext context) => context.Response.StatusCode switch
    {
        404 => $"there is nothing at {context.Request.Path}; /openapi/v1.json lists the paths",
        405 => $"{context.Request.Method} is not possible on {context.Request.Path}; possible: {context.Response.Headers.Allow}",
        415 => "the body must be JSON; send the header Content-Type: application/json",
        var status => $"the request was refused with status {status}",
    };

    private static string? Presented(HttpRequest request)
    {
        if (request.Headers.Authorization is [{ Length: > 0 } authorization, ..])
        {
            return authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? authorization[Bearer.Length..].Trim() : authorization.Trim();
        }

        return request.Headers["x-access-token"] is [{ Length: > 0 } token, ..] ? token.Trim() : null;
    }

    private string? Authorize(HttpRequest request) => Presented(request) switch
    {
        null => "this needs the admin token; send it as Authorization: Bearer TOKEN",
        { } token when secrets.IsAdminToken(token) => null,
        _ => "the token is not the admin token of this server",
    };

    private (int Status, string Message) Judge(Exception exception, HttpContext context)
    {
        switch (exception)
        {
            case ApiError error:
                return (error.Status, error.Message);
            case NameTakenException:
                return (409, exception.Message);
            case BoundReachedException:
                return (412, exception.Message);
            case SocketRefusedException:
                return (400, exception.Message);
            case BadHttpRequestException bad:
                return (bad.StatusCode, bad.Message);
            case ControlStoreException:
                LogStoreFailed(context.Request.Method, context.Request.Path, exception);
                return (503, exception.Message);
            default:
                LogFailed(context.Request.Method, context.Request.Path, context.TraceIdentifier, exception);
                return (500, $"this is a fault of the server; its log has the details under {context.TraceIdentifier}");
        }
    }

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed: the store could not do it")]
    private partial void LogStoreFailed(string method, string path, Exception exception);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed ({Request})")]
    private partial void LogFailed(string method, string path, string request, Exception exception);
}
