using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Connector.Plugins.Reachability;
using Connector.Protocol.Discovery;
using Docker.DotNet;

namespace Connector.Plugins.Docker;

/// <summary>What a failed call to an engine means, and what to do about it.</summary>
internal static class EngineFailures
{
    public static bool IsExpected(Exception failure)
        => failure is HttpRequestException or DockerApiException or JsonException or IOException or SocketException or InvalidDataException or FormatException
            or NotSupportedException;

    /// <param name="doing">As in "Listing the containers".</param>
    public static DiscoveryException Of(Exception failure, string doing, EngineAddress engine)
    {
        var (kind, why) = Reason(failure, engine);
        return new DiscoveryException(kind, $"{doing} of the Docker engine at {engine.Text} failed: {why}", failure);
    }

    public static DiscoveryException Slow(string doing, EngineAddress engine, TimeSpan limit) => new(
        DiscoveryFailure.TimedOut,
        $"{doing} of the Docker engine at {engine.Text} failed: it did not answer within {limit.TotalSeconds:0} s; see whether it is overloaded or hangs (docker ps)");

    private static (DiscoveryFailure, string) Reason(Exception failure, EngineAddress engine) => failure switch
    {
        _ when Inner<OutOfReachException>(failure) is { } outOfReach => (DiscoveryFailure.Configuration, outOfReach.Message),
        DockerApiException api => Reason(api),
        JsonException or InvalidDataException or FormatException or NotSupportedException
            => (DiscoveryFailure.Malformed, "the answer is not that of a Docker engine; check the address"),
        _ when Inner<InvalidDataException>(failure) is { } tooLong => (DiscoveryFailure.Malformed, tooLong.Message),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } tls => (DiscoveryFailure.Tls, Tls(tls)),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError }
            => (DiscoveryFailure.Unreachable, "its name is not known here; check the address and the name server"),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded }
            => (DiscoveryFailure.Malformed, "it does not speak HTTP; if it speaks TLS, set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or write https://"),
        _ when Inner<SocketException>(failure) is { } socket => Reason(socket.SocketErrorCode, engine),
        _ => (DiscoveryFailure.Unreachable, "the connection was lost; see whether the engine is running"),
    };

    private static (DiscoveryFailure, string) Reason(SocketError error, EngineAddress engine) => error switch
    {
        SocketError.AccessDenied when engine.SocketPath is { } path => (
            DiscoveryFailure.Denied,
            $"permission denied on the socket {path}; run the connector as a user of the socket's group (usually docker), for example SupplementaryGroups=docker in its unit"),
        _ when engine.SocketPath is { } path && !File.Exists(path) => (
            DiscoveryFailure.Unreachable,
            $"there is no socket {path}; install or start the engine, mount its socket into the connector's container, or set docker_host or DOCKER_HOST"),
        SocketError.ConnectionRefused when engine.SocketPath is { } path => (
            DiscoveryFailure.Unreachable, $"nobody listens on the socket {path}; start the engine"),
        SocketError.ConnectionRefused => (DiscoveryFailure.Unreachable, "the connection was refused; start the engine, or check host and port"),
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData
            => (DiscoveryFailure.Unreachable, "its name is not known here; check the address and the name server"),
        _ => (DiscoveryFailure.Unreachable, $"it cannot be reached ({error}); check the address and the network"),
    };

    private static (DiscoveryFailure, string) Reason(DockerApiException api) => api.StatusCode switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => (
            DiscoveryFailure.Denied,
            $"it answers {(int)api.StatusCode}; a proxy or a plugin in front of the engine must allow GET /_ping, /containers/json and /events"),
        HttpStatusCode.BadRequest when api.ResponseBody?.Contains("HTTPS server", StringComparison.OrdinalIgnoreCase) == true
            => (DiscoveryFailure.Tls, "it speaks TLS; set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or write https://"),
        HttpStatusCode.TooManyRequests => (DiscoveryFailure.Throttled, "it asks for fewer requests; scan less often"),
        >= HttpStatusCode.InternalServerError => (DiscoveryFailure.Unreachable, $"it answers {(int)api.StatusCode}{Said(api)}; see its log"),
        _ => (DiscoveryFailure.Malformed, $"it answers {(int)api.StatusCode}{Said(api)}; check that it is a Docker engine"),
    };

    private static string Said(DockerApiException api)
        => api.ResponseBody is { Length: > 0 } body ? $" \"{ResourceBounds.Text(body.Length > 200 ? body[..200] : body).Trim()}\"" : "";

    private static string Tls(Exception failure)
    {
        var detail = failure.InnerException is { } inner ? $" ({ResourceBounds.Text(inner.Message)})" : "";
        return $"TLS failed{detail}; check that ca.pem in DOCKER_CERT_PATH signed the engine's certificate, that this names the host, and that cert.pem and key.pem are accepted there";
    }

    private static T? Inner<T>(Exception? failure)
        where T : Exception
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is T found)
            {
                return found;
            }
        }

        return null;
    }
}
