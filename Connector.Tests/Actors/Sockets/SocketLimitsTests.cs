using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using Connector.Protocol.Sockets;
using Connector.Relay.Frames;
using CsCheck;
using Xunit;

namespace Connector.Tests.Actors.Sockets;

[Trait("kind", Kinds.Pure)]
public sealed class SocketLimitsTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Own_limits_replace_the_replicas_where_they_are_given()
    {
        Assert.Equal(SocketLimits.Default, SocketLimits.Default.With(null));
        Assert.Equal(SocketLimits.Default, SocketLimits.Default.With(new SocketLimitsConfiguration { MaxStreams = 0, MaxAgeSeconds = 0 }));
        Assert.Equal(
            new SocketLimits(10, 256, 20, 1000, TimeSpan.FromSeconds(60), TimeSpan.FromHours(1)),
            SocketLimits.Default.With(new SocketLimitsConfiguration
            {
                MaxStreams = 10, MaxOpensPerSecond = 20, MaxBytesPerSecond = 1000, IdleTimeoutSeconds = 60, MaxAgeSeconds = 3600,
            }));
    }

    [Fact]
    public void Refusal_names_the_limit_its_value_and_the_socket()
    {
        var admission = new SocketAdmission(new SocketLimits(2, 1, 3), Start);
        Assert.Null(admission.TryAdmit("db", Start));
        Assert.StartsWith("limit dials pending = 1 of socket db is reached", Refused());
        Begin();
        Assert.Null(admission.TryAdmit("db", Start));
        Begin();
        Assert.StartsWith("limit max_streams = 2 of socket db is reached", Refused());
        admission.StreamEnded();
        Assert.Null(admission.TryAdmit("db", Start));
        Begin();
        admission.StreamEnded();
        Assert.StartsWith("limit max_opens_per_second = 3 of socket db is reached", Refused());

        string Refused()
        {
            var refusal = admission.TryAdmit("db", Start);
            Assert.Equal(RefusalCode.Busy, refusal?.Code);
            return refusal!.Text;
        }

        void Begin()
        {
            admission.DialEnded();
            admission.StreamBegan();
        }
    }

    [Fact]
    public void Changed_limit_counts_from_the_next_offer_and_ends_nothing()
    {
        var admission = new SocketAdmission(new SocketLimits(3, 100, 1000), Start);
        for (var n = 0; n < 3; n++)
            Assert.Null(admission.TryAdmit("db", Start));

        admission.Change(new SocketLimits(1, 100, 1));
        Assert.Equal(3, admission.Dialling);
        Assert.Contains("max_streams = 1 ", admission.TryAdmit("db", Start)!.Text);

        admission.Change(new SocketLimits(100, 100, 1));
        Assert.Null(admission.TryAdmit("db", Start));
        Assert.Contains("max_opens_per_second = 1 ", admission.TryAdmit("db", Start)!.Text);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData(1.0, null, 0.25)]
    [InlineData(null, 2.0, 0.5)]
    [InlineData(3600.0, 2.0, 0.5)]
    [InlineData(2.0, 3600.0, 0.5)]
    [InlineData(3600.0, 3600.0, 1.0)]
    public void Sweeps_follow_the_smallest_limit(double? idle, double? age, double? expected)
        => Assert.Equal(
            expected,
            LiveStreams.Interval(SocketLimits.Default with { IdleTimeout = Seconds(idle), MaxAge = Seconds(age) })?.TotalSeconds);

    [Fact]
    public void Idle_stream_is_found_once_and_never_before_its_time()
        => Gen.Int[0, 3].Array[1, 60].Sample(steps =>
        {
            var limits = SocketLimits.Default with { IdleTimeout = TimeSpan.FromSeconds(4) };
            var streams = new LiveStreams();
            var offer = new ScriptedOffer(new SocketId("s"));
            streams.Add(1, offer, TimeSpan.Zero);
            streams.StartSweeping(TimeSpan.Zero);
            var (now, quiet, found) = (TimeSpan.Zero, 0, false);
            foreach (var step in steps)
            {
                now += TimeSpan.FromSeconds(1);
                quiet++;
                if (step == 0)
                    (offer.BytesMoved, quiet) = (offer.BytesMoved + 1, 0);
                offer.BytesWait = step == 1;
                if (step == 1)
                    quiet = 0;
                var reached = streams.Sweep(limits, "db", now);
                if (!found && quiet >= 4)
                {
                    Assert.Equal(ResetCode.IdleTimeout, Assert.Single(reached).Code);
                    Assert.Contains("limit idle_timeout_seconds = 4 of socket db", reached[0].Reason);
                    found = true;
                }
                else
                {
                    Assert.Empty(reached);
                }
            }

            Assert.Equal(found, streams.Remove(1) is not null);
        });

    [Fact]
    public void Process_that_slept_does_not_take_the_time_for_idle_time()
    {
        var limits = SocketLimits.Default with { IdleTimeout = TimeSpan.FromSeconds(10) };
        var streams = new LiveStreams();
        streams.Add(1, new ScriptedOffer(new SocketId("s")), TimeSpan.Zero);
        streams.StartSweeping(TimeSpan.Zero);
        Assert.Empty(streams.Sweep(limits, "db", TimeSpan.FromSeconds(1)));

        Assert.Empty(streams.Sweep(limits, "db", TimeSpan.FromSeconds(22)));
        for (var second = 23; second < 30; second++)
            Assert.Empty(streams.Sweep(limits, "db", TimeSpan.FromSeconds(second)));
        Assert.Single(streams.Sweep(limits, "db", TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Age_ends_a_busy_stream_too()
    {
        var limits = SocketLimits.Default with { IdleTimeout = TimeSpan.FromSeconds(1), MaxAge = TimeSpan.FromSeconds(3) };
        var streams = new LiveStreams();
        var offer = new ScriptedOffer(new SocketId("s")) { BytesWait = true };
        streams.Add(1, offer, TimeSpan.FromSeconds(5));
        streams.StartSweeping(TimeSpan.FromSeconds(5));

        Assert.Empty(streams.Sweep(limits, "db", TimeSpan.FromSeconds(7.9)));
        var reached = Assert.Single(streams.Sweep(limits, "db", TimeSpan.FromSeconds(8)));

        Assert.Equal((ResetCode.MaximumAge, "limit max_age_seconds = 3 of socket db is reached"), (reached.Code, reached.Reason));
    }

    private static TimeSpan? Seconds(double? seconds) => seconds is { } value ? TimeSpan.FromSeconds(value) : null;
}
