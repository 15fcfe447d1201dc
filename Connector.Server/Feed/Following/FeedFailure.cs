using System.Globalization;
using Grpc.Core;

namespace Connector.Server.Feed.Following;

/// <summary>Why an edge has no stream to its control plane. Decides what is logged and how long the next try waits.</summary>
/// <param name="Reason">For people.</param>
/// <param name="RetryAfter">The slot that the control plane named, if it named one.</param>
internal sealed record FeedFailure(FeedFailureKind Kind, string Reason, TimeSpan? RetryAfter = null)
{
    public const string RetryAfterTrailer = "retry-after-ms";

    // A control plane may slow us down, not switch us off.
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(5);
    private const int LongestReason = 512;

    public static FeedFailure FromStatus(RpcException exception)
    {
        var detail = exception.Status.Detail.ReplaceLineEndings(" ").Trim();
        var text = detail.Length > LongestReason ? detail[..LongestReason] + "…" : detail;
        return exception.StatusCode switch
        {
            StatusCode.Unauthenticated => new(FeedFailureKind.Refused, text.Length > 0 ? text : "the edge credential was refused", Slot(exception)),
            StatusCode.AlreadyExists => new(FeedFailureKind.AlreadyConnected, text, Slot(exception)),
            StatusCode.Unimplemented => new(
                FeedFailureKind.Refused, "the server that answers is no control plane that has edges of their own; check its address and version", Slot(exception)),
            StatusCode.Unavailable or StatusCode.DeadlineExceeded => new(FeedFailureKind.Unreachable, text, Slot(exception)),
            var code => new(FeedFailureKind.Ended, $"the control plane ended the feed with {code}: {text}", Slot(exception)),
        };
    }

    private static TimeSpan? Slot(RpcException exception)
        => long.TryParse(exception.Trailers.GetValue(RetryAfterTrailer), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(Math.Min(milliseconds, LongestRetryAfter.TotalMilliseconds))
            : null;
}
