using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using System.Xml;
using Amazon.Runtime;
using Connector.Protocol.Discovery;

namespace Connector.Plugins.Aws;

/// <summary>What went wrong with a call, in words that say what to do.</summary>
internal static class AwsFailure
{
    /// <param name="doing">"Listing the instances (eu-west-1)".</param>
    /// <param name="permission">The IAM action that the call needs.</param>
    /// <param name="hide">Takes out of what AWS says what must stay on this machine.</param>
    public static DiscoveryException Describe(Exception failure, string doing, string permission, Func<string, string> hide)
    {
        var chain = Chain(failure).ToList();
        var (kind, why) = Malformed(chain, hide) ?? Refused(chain, permission, hide) ?? Unanswered(chain, hide) ?? throw new InvalidOperationException($"{doing}: an unexpected failure", failure);
        return new DiscoveryException(kind, $"{doing}: {why}", failure);
    }

    /// <summary>Whether <see cref="Describe"/> knows it; anything else is a defect of ours and must not pass for one of the source.</summary>
    public static bool IsKnown(Exception failure)
        => Chain(failure).ToList() is var chain && (Malformed(chain, Whole) ?? Refused(chain, "", Whole) ?? Unanswered(chain, Whole)) is not null;

    /// <summary>Asked again later, it may well be answered.</summary>
    public static bool IsPassing(AwsHttpException refusal)
        => refusal.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)refusal.StatusCode >= 500 || IsThrottling(refusal.Code);

    private static string Whole(string said) => said;

    private static (DiscoveryFailure, string)? Malformed(List<Exception> chain, Func<string, string> hide)
    {
        if (chain.OfType<OversizedAnswerException>().FirstOrDefault() is { } oversized)
        {
            return (DiscoveryFailure.Malformed, $"{oversized.Message}; is the endpoint that of AWS?");
        }

        // A page that a balancer writes when the service behind it fails is no answer, and no stranger's either.
        if (chain.OfType<AmazonServiceException>().Any(static one => (int)one.StatusCode >= 500))
        {
            return null;
        }

        return chain.FirstOrDefault(static one => one is AmazonUnmarshallingException or XmlException or JsonException or MalformedAnswerException) switch
        {
            null => null,
            MalformedAnswerException malformed => (DiscoveryFailure.Malformed, $"{hide(malformed.Message)}; is the endpoint that of AWS?"),
            _ => (DiscoveryFailure.Malformed, "the answer is not in the form of AWS; is the endpoint that of AWS, or is a proxy in between?"),
        };
    }

    private static (DiscoveryFailure, string)? Refused(List<Exception> chain, string permission, Func<string, string> hide)
    {
        var (code, status, said) = chain.Select(Refusal).FirstOrDefault(static one => one.Code is not null);
        if (code is null)
        {
            return null;
        }

        var quoted = Quote(hide(code), hide(said ?? ""));
        return code switch
        {
            _ when IsThrottling(code) => (DiscoveryFailure.Throttled, $"AWS still asks for fewer requests after several attempts {quoted}; scan less often, or fewer regions"),
            "ExpiredToken" or "ExpiredTokenException" or "TokenRefreshRequired"
                => (DiscoveryFailure.Credentials, $"the credentials are expired {quoted}; renew them, or use a profile or a role that renews itself"),
            "RequestExpired" or "RequestTimeTooSkewed" or "RequestInTheFuture"
                => (DiscoveryFailure.Credentials, $"the request is too old for AWS {quoted}; set this machine's clock right"),
            "SignatureDoesNotMatch" or "InvalidSignatureException" or "IncompleteSignature" or "IncompleteSignatureException"
                => (DiscoveryFailure.Credentials, $"the signature is refused {quoted}; check the secret access key and this machine's clock"),
            "AuthFailure" or "InvalidClientTokenId" or "UnrecognizedClientException" or "InvalidAccessKeyId" or "MissingAuthenticationToken"
                or "MissingAuthenticationTokenException" or "InvalidIdentityToken" or "IDPCommunicationError"
                => (DiscoveryFailure.Credentials, $"the credentials are not known there {quoted}; check the access key and its session token, and that the region is enabled for the account"),
            "OptInRequired" => (DiscoveryFailure.Denied, $"the account is not signed up for this {quoted}; enable the region or the service, or take the region out of aws_regions"),
            "UnauthorizedOperation" or "AccessDenied" or "AccessDeniedException" or "UnauthorizedAccess" or "NotAuthorized" or "NotAuthorizedException"
                or "UnauthorizedException" or "RegionDisabledException"
                => (DiscoveryFailure.Denied, $"permission is missing {quoted}; allow the IAM action {permission}{Boundary(permission)}"),
            _ when status is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized
                => (DiscoveryFailure.Denied, $"permission is missing {quoted}; allow the IAM action {permission}"),
            _ when (int)status >= 500
                => (DiscoveryFailure.Unreachable, $"the service fails ({(int)status}) {quoted}; it is tried again at the next scan"),
            _ when (int)status is >= 400 and < 500 && code.Length > 0
                => (DiscoveryFailure.Configuration, $"AWS refuses the request ({(int)status}) {quoted}; check the region and the endpoint"),
            _ => (DiscoveryFailure.Malformed, $"the answer ({(int)status}) is not one of AWS; is the endpoint that of AWS, or is a proxy in between?"),
        };
    }

    private static (string? Code, HttpStatusCode Status, string? Said) Refusal(Exception failure) => failure switch
    {
        AwsHttpException http => (http.Code, http.StatusCode, http.Said),
        AmazonServiceException service when service.StatusCode != 0 || !string.IsNullOrEmpty(service.ErrorCode)
            => (service.ErrorCode ?? "", service.StatusCode, service.Message),
        _ => default,
    };

    private static (DiscoveryFailure, string)? Unanswered(List<Exception> chain, Func<string, string> hide)
    {
        if (chain.OfType<AuthenticationException>().FirstOrDefault() is { } tls)
        {
            return (DiscoveryFailure.Tls,
                $"TLS failed ({ResourceBounds.Text(tls.Message)}); trust the authority of the endpoint's certificate on this machine, or correct the endpoint");
        }

        if (chain.OfType<TimeoutException>().FirstOrDefault() is not null)
        {
            return (DiscoveryFailure.TimedOut, "no answer came in time; check the network and the endpoint");
        }

        if (chain.OfType<SocketException>().FirstOrDefault() is { } socket)
        {
            return (DiscoveryFailure.Unreachable, $"AWS cannot be reached ({ResourceBounds.Text(socket.Message)}); check the region's name, the network, proxies and the endpoint");
        }

        return chain.Any(static one => one is HttpRequestException or IOException or WebException)
            ? (DiscoveryFailure.Unreachable, "the connection broke before the answer was there; check the network, proxies and the endpoint")
            : chain.OfType<AmazonClientException>().LastOrDefault() is { } client
                ? (DiscoveryFailure.Credentials, $"the call could not be made ({ResourceBounds.Text(hide(client.Message))}); check credentials and endpoint")
                : null;
    }

    private static bool IsThrottling(string code) => code is "Throttling" or "ThrottlingException" or "ThrottledException" or "RequestThrottled"
        or "RequestThrottledException" or "TooManyRequestsException" or "RequestLimitExceeded" or "ProvisionedThroughputExceededException"
        or "BandwidthLimitExceeded" or "LimitExceededException" or "SlowDown" or "PriorRequestNotComplete" or "EC2ThrottledException";

    private static string Boundary(string permission) => permission == "sts:AssumeRole" ? " and name this identity, and the external id if there is one, in the role's trust policy" : "";

    private static string Quote(string code, string said)
    {
        const int most = 300;
        var text = ResourceBounds.Text(said.Length > most ? said[..most] : said);
        var name = ResourceBounds.Text(code.Length > 100 ? code[..100] : code);
        return (name, text) switch
        {
            ("", "") => "(no reason given)",
            (_, "") => $"({name})",
            ("", _) => $"({text})",
            _ => $"({name}: {text})",
        };
    }

    private static IEnumerable<Exception> Chain(Exception? failure)
    {
        for (var depth = 0; failure is not null && depth < 16; failure = failure.InnerException, depth++)
        {
            yield return failure;
        }
    }
}
