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
    /// <summary>What the SDK says where AWS said nothing; the whole body may follow.</summary>
    private const string Filler = "The service returned an error";

    /// <param name="doing">"Listing the instances (eu-west-1)".</param>
    /// <param name="permission">The IAM action that the call needs; empty when it is not known.</param>
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

    /// <summary>Whether a service said no, whatever the reason; neither silence nor a failure on the way.</summary>
    public static bool IsRefusal(Exception failure) => Chain(failure).Any(static one => Refusal(one).Code is not null);

    /// <summary>Whether what was asked about is not there any more.</summary>
    public static bool IsGone(Exception failure) => Chain(failure).Any(static one => Refusal(one).Code is "ResourceNotFoundException" or "ClusterNotFoundException");

    /// <summary>Asked again later, it may well be answered.</summary>
    public static bool IsPassing(AwsHttpException refusal)
        => refusal.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)refusal.StatusCode >= 500
            || IsThrottling(refusal.Code) || IsLate(refusal.Code);

    /// <summary>What the file or the network says below the message of an SDK, which hides it: " (no such file)", or empty.</summary>
    public static string Below(Exception failure)
        => Chain(failure.InnerException).LastOrDefault(static one => one is SocketException or HttpRequestException or IOException or UnauthorizedAccessException) is { } inner
            ? $" ({inner.Message})"
            : "";

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
            _ when IsLate(code) => (DiscoveryFailure.TimedOut, $"the request came too slowly for AWS {quoted}; check the network"),
            "ExpiredToken" or "ExpiredTokenException" or "TokenRefreshRequired"
                => (DiscoveryFailure.Credentials, $"the credentials are expired {quoted}; renew them, or use a profile or a role that renews itself"),
            "RequestExpired" or "RequestTimeTooSkewed" or "RequestInTheFuture"
                => (DiscoveryFailure.Credentials, $"the request is too old for AWS {quoted}; set this machine's clock right, or, with temporary credentials, renew them"),
            "SignatureDoesNotMatch" or "InvalidSignatureException" or "IncompleteSignature" or "IncompleteSignatureException"
                => (DiscoveryFailure.Credentials, $"the signature is refused {quoted}; check the secret access key and this machine's clock"),
            "AuthFailure" or "InvalidClientTokenId" or "UnrecognizedClientException" or "InvalidAccessKeyId" or "MissingAuthenticationToken"
                or "MissingAuthenticationTokenException"
                => (DiscoveryFailure.Credentials, $"the credentials are not known there {quoted}; check the access key and its session token, and that the region is enabled for the account"),
            "InvalidIdentityToken" or "IDPRejectedClaim" or "IDPCommunicationError"
                => (DiscoveryFailure.Credentials, $"the web identity token is refused {quoted}; check the token, its audience, and the identity provider in the role's account"),
            "OptInRequired" or "RegionDisabledException"
                => (DiscoveryFailure.Denied, $"the account is not signed up for this {quoted}; enable the region or the service, or take the region out of aws_regions"),
            "UnauthorizedOperation" or "AccessDenied" or "AccessDeniedException" or "UnauthorizedAccess" or "NotAuthorized" or "NotAuthorizedException"
                or "UnauthorizedException"
                => (DiscoveryFailure.Denied, $"permission is missing {quoted}; {Grant(permission)}"),
            // Without a code it is not AWS who says no.
            _ when (status is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized) && code.Length > 0
                => (DiscoveryFailure.Denied, $"permission is missing {quoted}; {Grant(permission)}"),
            _ when (int)status >= 500
                => (DiscoveryFailure.Unreachable, $"the service fails ({(int)status}) {quoted}; it is tried again at the next scan"),
            _ when (int)status is >= 400 and < 500 && code.Length > 0
                => (DiscoveryFailure.Configuration, $"AWS refuses the request ({(int)status}) {quoted}; {Correct(code, permission)}"),
            _ => (DiscoveryFailure.Malformed, $"the answer ({(int)status}) is not one of AWS; is the endpoint that of AWS, or is a proxy in between?"),
        };
    }

    private static (string? Code, HttpStatusCode Status, string? Said) Refusal(Exception failure) => failure switch
    {
        AwsHttpException http => (http.Code, http.StatusCode, http.Said),
        AmazonServiceException service when service.StatusCode != 0 || !string.IsNullOrEmpty(service.ErrorCode)
            => (service.ErrorCode ?? "", service.StatusCode, service.Message.StartsWith(Filler, StringComparison.Ordinal) ? "" : service.Message),
        _ => default,
    };

    private static (DiscoveryFailure, string)? Unanswered(List<Exception> chain, Func<string, string> hide)
    {
        if (chain.OfType<HttpRequestException>().FirstOrDefault(static one => one.HttpRequestError == HttpRequestError.ProxyTunnelError) is { } proxy)
        {
            return (DiscoveryFailure.Unreachable,
                $"the proxy refuses{(proxy.StatusCode is { } status ? $" ({(int)status})" : "")}; check its address and credentials, and that it lets this endpoint through");
        }

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
        or "BandwidthLimitExceeded" or "LimitExceededException" or "SlowDown" or "PriorRequestNotComplete" or "EC2ThrottledException"
        or "TransactionInProgressException";

    private static bool IsLate(string code) => code is "RequestTimeout" or "RequestTimeoutException";

    private static string Grant(string permission) => permission switch
    {
        "" => "check what this identity may do",
        "sts:AssumeRole" => $"allow the IAM action {permission} and name this identity, and the external id if there is one, in the role's trust policy",
        "sts:AssumeRoleWithWebIdentity" => $"allow {permission} for the token's provider, audience and subject in the role's trust policy",
        _ => $"allow the IAM action {permission}",
    };

    // A page token that is not taken any more has nothing to do with the region.
    private static string Correct(string code, string permission) => (code, permission) switch
    {
        (_, "") => "check the settings of the credentials",
        (_, "sts:AssumeRole") => "check the role's ARN and its external id",
        (_, "sts:AssumeRoleWithWebIdentity") => "check the role's ARN and the token",
        ("InvalidNextToken" or "InvalidPaginationToken" or "ValidationError" or "ValidationException", _) => "the next scan begins anew",
        _ when code.StartsWith("InvalidParameter", StringComparison.Ordinal) => "the next scan begins anew",
        _ => "check the region and the endpoint",
    };

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
