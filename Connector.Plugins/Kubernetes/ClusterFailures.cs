using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Connector.Plugins.Reachability;
using Connector.Protocol.Discovery;
using k8s;
using k8s.Autorest;
using k8s.Exceptions;

namespace Connector.Plugins.Kubernetes;

/// <summary>What a failed call to an API server means, and what to do about it.</summary>
internal static class ClusterFailures
{
    public static bool IsExpected(Exception failure)
        => failure is HttpOperationException or HttpRequestException or JsonException or IOException or InvalidDataException or SocketException or FormatException
            or KubernetesClientException or KubeConfigException or InvalidOperationException or NotSupportedException;

    public static HttpStatusCode? Status(Exception failure) => (failure as HttpOperationException)?.Response?.StatusCode;

    /// <param name="verb">The RBAC verb that it takes: list or watch.</param>
    public static DiscoveryException Of(Exception failure, string verb, string? inNamespace, string url)
    {
        var (kind, why) = Reason(failure, verb, inNamespace);
        return new DiscoveryException(kind, $"{Doing(verb, inNamespace)} at {url} failed: {why}", failure);
    }

    public static DiscoveryException Slow(string verb, string? inNamespace, string url, TimeSpan limit) => new(
        DiscoveryFailure.TimedOut,
        $"{Doing(verb, inNamespace)} at {url} failed: it did not answer within {limit.TotalSeconds:0} s; see whether the API server is overloaded or the network loses packets");

    public static DiscoveryException Malformed(string? inNamespace, string url, string why) => new(
        DiscoveryFailure.Malformed, $"{Doing("list", inNamespace)} at {url} failed: {why}; check that it is a Kubernetes API server");

    private static string Doing(string verb, string? inNamespace)
        => $"{(verb == "watch" ? "Watching" : "Listing")} the services of {(inNamespace is null ? "all namespaces" : $"namespace {inNamespace}")} of the cluster";

    private static (DiscoveryFailure, string) Reason(Exception failure, string verb, string? inNamespace) => failure switch
    {
        _ when Inner<OutOfReachException>(failure) is { } outOfReach => (DiscoveryFailure.Configuration, outOfReach.Message),
        HttpOperationException { Response: { } response } => Reason(response, verb, inNamespace),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => (
            DiscoveryFailure.Tls,
            $"TLS failed ({ResourceBounds.Text(failure.InnerException?.Message ?? failure.Message)}); check that the kubeconfig's certificate authority signed the server's certificate and that this names the host, and that a client certificate has not expired"),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError }
            => (DiscoveryFailure.Unreachable, "its name is not known here; check the address and the name server"),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse }
            => (DiscoveryFailure.Malformed, "it does not speak HTTP; if it speaks TLS, write https://"),
        JsonException or FormatException or NotSupportedException
            => (DiscoveryFailure.Malformed, "the answer is not that of a Kubernetes API server; check the address"),
        _ when Inner<InvalidDataException>(failure) is { } tooLong => (DiscoveryFailure.Malformed, tooLong.Message),
        KubernetesClientException or KubeConfigException or InvalidOperationException => (
            DiscoveryFailure.Credentials,
            $"no credentials could be had ({ResourceBounds.Text(failure.Message)}); log in anew, or run the program that the kubeconfig names (users: exec:) by hand, as the connector's user"),
        _ when Inner<SocketException>(failure) is { } socket => (
            DiscoveryFailure.Unreachable,
            socket.SocketErrorCode == SocketError.ConnectionRefused
                ? "the connection was refused; check the address, and whether the API server runs"
                : $"it cannot be reached ({socket.SocketErrorCode}); check the address and the network"),
        _ => (DiscoveryFailure.Unreachable, "the connection was lost; check the network and the API server"),
    };

    private static (DiscoveryFailure, string) Reason(HttpResponseMessageWrapper response, string verb, string? inNamespace) => response.StatusCode switch
    {
        HttpStatusCode.Unauthorized => (
            DiscoveryFailure.Credentials, "it does not know the credentials, or they have expired; renew the kubeconfig's token or certificate, or log in anew"),
        HttpStatusCode.Forbidden => (DiscoveryFailure.Denied, Denied(verb, inNamespace) + Said(response)),
        HttpStatusCode.TooManyRequests => (DiscoveryFailure.Throttled, "it asks for fewer requests, and went on doing so; scan less often"),
        HttpStatusCode.Gone => (DiscoveryFailure.TimedOut, "the list changed faster than it could be read"),
        HttpStatusCode.NotFound => (DiscoveryFailure.Malformed, "it does not know services; check that the address is that of a Kubernetes API server, without a path"),
        >= HttpStatusCode.InternalServerError => (DiscoveryFailure.Unreachable, $"it answers {(int)response.StatusCode}{Said(response)}; see the API server's health"),
        _ => (DiscoveryFailure.Malformed, $"it answers {(int)response.StatusCode}{Said(response)}; check that it is a Kubernetes API server"),
    };

    private static string Denied(string verb, string? inNamespace) => inNamespace is null
        ? $"the RBAC verb \"{verb}\" on the resource \"services\" (core API group) is missing at cluster scope; grant list and watch on services by a ClusterRole and a ClusterRoleBinding, or name the namespaces to read in the plugin's configuration"
        : $"the RBAC verb \"{verb}\" on the resource \"services\" (core API group) is missing in namespace {inNamespace}; grant list and watch on services by a Role and a RoleBinding there";

    // What the server says names the user that is meant.
    private static string Said(HttpResponseMessageWrapper response)
    {
        try
        {
            var message = KubernetesJson.Deserialize<k8s.Models.V1Status>(response.Content)?.Message;
            return string.IsNullOrEmpty(message) ? "" : $" (it says: {ResourceBounds.Text(message.Length > 300 ? message[..300] : message)})";
        }
        catch (Exception failure) when (failure is JsonException or ArgumentException or NotSupportedException)
        {
            return "";
        }
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
