using System.Globalization;
using Grpc.Core;

namespace Connector.Actors.Control;

/// <param name="Reason">For people: what failed and what the server said.</param>
/// <param name="RetryAfter">The slot that the server named for the next try, if it named one.</param>
public sealed record ControlFailure(ControlFailureKind Kind, string Reason, TimeSpan? RetryAfter = null)
{
    /// <summary>The exact text with which status CANCELLED means that the connector is gone for good.</summary>
    public const string DeletedText = "connector deleted";

    public const string RetryAfterTrailer = "retry-after-ms";

    // A server may slow us down, not switch us off.
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(5);

    private const int LongestReason = 512;

    public static ControlFailure FromStatus(StatusCode code, string detail, string? retryAfterMilliseconds = null)
    {
        var text = Bounded(detail);
        var retryAfter = ReadRetryAfter(retryAfterMilliseconds);
        return code switch
        {
            StatusCode.Unauthenticated => new(ControlFailureKind.Unauthenticated, text.Length > 0 ? text : "the token was refused", retryAfter),
            StatusCode.AlreadyExists => new(ControlFailureKind.AlreadyConnected, text.Length > 0 ? text : "connector is already connected", retryAfter),
            StatusCode.Aborted => new(ControlFailureKind.Fenced, text.Length > 0 ? text : "a newer control session took over", retryAfter),
            StatusCode.Cancelled when detail == DeletedText => new(ControlFailureKind.Deleted, DeletedText),
            StatusCode.Unavailable or StatusCode.DeadlineExceeded => new(ControlFailureKind.Unreachable, text, retryAfter),
            _ => new(ControlFailureKind.Ended, $"the control plane ended the stream with {code}: {text}", retryAfter),
        };
    }

    public static ControlFailure Of(Exception exception)
        => exception switch
        {
            ControlTransportException e => e.Failure,
            AggregateException { InnerException: { } inner } => Of(inner),
            _ => new ControlFailure(ControlFailureKind.Unreachable, $"{exception.GetType().Name}: {exception.Message}"),
        };

    /// <summary>What the session is in after it.</summary>
    internal ControlSessionState State => Kind switch
    {
        ControlFailureKind.AlreadyConnected => ControlSessionState.Refused,
        ControlFailureKind.Unauthenticated => ControlSessionState.Unauthenticated,
        _ => ControlSessionState.Connecting,
    };

    private static TimeSpan? ReadRetryAfter(string? milliseconds)
    {
        if (!long.TryParse(milliseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            return null;
        return value >= (long)LongestRetryAfter.TotalMilliseconds ? LongestRetryAfter : TimeSpan.FromMilliseconds(value);
    }

    private static string Bounded(string detail)
    {
        var cut = detail.Length > LongestReason ? detail[..LongestReason] + "…" : detail;
        return cut.ReplaceLineEndings(" ").Trim();
    }
}
