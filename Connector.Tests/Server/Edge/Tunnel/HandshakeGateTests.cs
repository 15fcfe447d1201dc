using System.Net;
using Connector.Server.Edge;
using Connector.Server.Edge.Tunnel;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Edge.Tunnel;

[Trait("kind", Kinds.Pure)]
public sealed class HandshakeGateTests
{
    private static readonly IPAddress One = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Two = IPAddress.Parse("192.0.2.2");
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void Handshakes_in_flight_are_bounded_per_address()
    {
        var gate = Gate(new EdgeLimits { HandshakesInFlightPerAddress = 2 });
        Assert.True(gate.TryEnter(One));
        Assert.True(gate.TryEnter(One));
        Assert.False(gate.TryEnter(One));
        Assert.True(gate.TryEnter(Two));
        gate.Leave(One);
        Assert.True(gate.TryEnter(One));
    }

    [Fact]
    public void Handshakes_in_flight_are_bounded_in_all()
    {
        var gate = Gate(new EdgeLimits { HandshakesInFlight = 2 });
        Assert.True(gate.TryEnter(One));
        Assert.True(gate.TryEnter(Two));
        Assert.False(gate.TryEnter(IPAddress.Parse("192.0.2.3")));
    }

    [Fact]
    public void Burst_is_followed_by_the_rate()
    {
        var gate = Gate(new EdgeLimits { HandshakeBurstPerAddress = 3, HandshakesPerSecondPerAddress = 2 });
        Assert.Equal(3, Handshakes(gate, 10));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, Handshakes(gate, 10));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(3, Handshakes(gate, 10));
    }

    [Fact]
    public void Mapped_address_counts_as_its_IPv4_address_and_IPv6_by_its_network()
    {
        Assert.Equal(One, HandshakeGate.KeyOf(One.MapToIPv6()));
        Assert.Equal(HandshakeGate.KeyOf(IPAddress.Parse("2001:db8::1")), HandshakeGate.KeyOf(IPAddress.Parse("2001:db8::ffff:1")));
        Assert.NotEqual(HandshakeGate.KeyOf(IPAddress.Parse("2001:db8::1")), HandshakeGate.KeyOf(IPAddress.Parse("2001:db8:0:1::1")));
    }

    [Fact]
    public void Idle_addresses_are_forgotten_when_there_are_too_many()
    {
        var gate = Gate(new EdgeLimits());
        for (var i = 0; i < 4096; i++)
        {
            var address = new IPAddress([10, 0, (byte)(i >> 8), (byte)i]);
            Assert.True(gate.TryEnter(address));
            gate.Leave(address);
        }

        Assert.False(gate.TryEnter(One));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(gate.TryEnter(One));
    }

    private static int Handshakes(HandshakeGate gate, int attempts)
    {
        var entered = 0;
        for (var i = 0; i < attempts; i++)
        {
            if (gate.TryEnter(One))
            {
                entered++;
                gate.Leave(One);
            }
        }

        return entered;
    }

    private HandshakeGate Gate(EdgeLimits limits) => new(limits, time);
}
