using Connector.Relay.Frames;
using Connector.Relay.Memory;
using Connector.Relay.Streams;
using Connector.Tests.Relay.Wire;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Streams;

/// <summary>Streams that have little more than their reserve. The clock stands still: what would wait for the next check of the lane never comes.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class ScarceMemoryTests
{
    [Fact]
    public async Task Piece_that_a_reserve_pays_for_is_credited_at_once()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (_, peer) = replica.Attach();
        var stream = await replica.OpenAsync(peer, 1);
        _ = new HandStage(stream);
        for (var offset = 0L; offset < 8 * BufferPool.Small; offset += BufferPool.Small)
        {
            // A sender on its reserve: no more before this one is consumed.
            await peer.SendAsync(Raw.Data(1, offset, new byte[BufferPool.Small]));
            var (_, credit) = await peer.ReadUntilAsync(FrameType.Credit);
            Assert.Equal(offset + BufferPool.Small, new ContentReader(credit).U64());
        }

        await replica.AssertAllBackAsync();
    }

    [Fact]
    public void A_thousand_idle_windows_leave_a_quarter_of_each_budget_for_buffers()
    {
        var memory = new RelayMemory(new RelayMemoryOptions());
        var link = memory.ForLink();
        var share = memory.ForSocket(Raw.SocketId);
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(share.Memory.TryReserveStream());
            new StreamAccount(link).Open(share, TimeSpan.Zero);
        }

        Assert.InRange(share.Budget.Available, share.Budget.Capacity / 4, share.Budget.Capacity / 2);
    }
}
