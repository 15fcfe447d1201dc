using Connector.Actors.Control;
using Grpc.Core;
using Xunit;

namespace Connector.Tests.Actors.Control;

[Trait("kind", Kinds.Pure)]
public sealed class ReconnectScheduleTests
{
    private static readonly ControlFailure Away = new(ControlFailureKind.Unreachable, "away");

    [Fact]
    public void Ceiling_grows_by_half_up_to_twenty_seconds()
        => Assert.Equal(
            [0.75, 1.125, 1.6875, 2.5312, 3.7969, 5.6953, 8.543, 12.8145, 19.2217, 20, 20],
            Enumerable.Range(0, 11).Select(n => ReconnectSchedule.Ceiling(n).TotalSeconds).Select(s => Math.Round(s, 4)));

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(0.999999)]
    public void Delay_any_jitter_stays_between_half_a_second_and_the_ceiling(double random)
    {
        var schedule = new ReconnectSchedule(() => random);
        for (var n = 0; n < 1000; n++)
        {
            var delay = schedule.Next(Away);
            Assert.InRange(delay, ReconnectSchedule.Shortest, ReconnectSchedule.Ceiling(n));
        }
    }

    [Fact]
    public void Slot_named_by_the_server_is_kept_within_bounds_and_counts_as_one_failure()
    {
        var schedule = new ReconnectSchedule(() => 0.9);
        Assert.Equal(TimeSpan.FromSeconds(3), schedule.Next(ControlFailure.FromStatus(StatusCode.AlreadyExists, "", "3000")));
        Assert.Equal(ReconnectSchedule.Shortest, schedule.Next(ControlFailure.FromStatus(StatusCode.AlreadyExists, "", "0")));
        Assert.Equal(TimeSpan.FromMinutes(5), schedule.Next(ControlFailure.FromStatus(StatusCode.AlreadyExists, "", "999999999999")));
        Assert.Equal(3, schedule.Failures);
    }

    [Theory]
    [InlineData("-5")]
    [InlineData("soon")]
    [InlineData("")]
    public void Slot_that_is_no_number_is_ignored(string trailer)
        => Assert.Null(ControlFailure.FromStatus(StatusCode.Unavailable, "x", trailer).RetryAfter);

    [Theory]
    [InlineData(StatusCode.Unauthenticated, "expired", ControlFailureKind.Unauthenticated)]
    [InlineData(StatusCode.AlreadyExists, "connector is already connected", ControlFailureKind.AlreadyConnected)]
    [InlineData(StatusCode.Aborted, "fenced", ControlFailureKind.Fenced)]
    [InlineData(StatusCode.Cancelled, "connector deleted", ControlFailureKind.Deleted)]
    [InlineData(StatusCode.Cancelled, "Connector deleted!", ControlFailureKind.Ended)]
    [InlineData(StatusCode.Unavailable, "down", ControlFailureKind.Unreachable)]
    [InlineData(StatusCode.Internal, "oops", ControlFailureKind.Ended)]
    public void Status_of_the_stream_maps_to_a_kind(StatusCode code, string detail, ControlFailureKind kind)
        => Assert.Equal(kind, ControlFailure.FromStatus(code, detail).Kind);
}
