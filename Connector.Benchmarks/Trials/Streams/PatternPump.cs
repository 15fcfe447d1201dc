using System.Net.Sockets;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>Sends and checks the pseudo-random bytes of one direction. Every byte follows from seed and place.</summary>
internal static class PatternPump
{
    /// <summary>Paced, without catching up after a stall, until told to stop; then half-closes.</summary>
    public static async Task SendAsync(Socket socket, ulong seed, Pace pace, Tally tally, CancellationToken stop)
    {
        var block = new byte[StreamPattern.BlockLength];
        for (var index = 0L; !stop.IsCancellationRequested;)
        {
            for (var sent = 0; sent < pace.Blocks; sent++, index++)
            {
                StreamPattern.Fill(block, seed, index);
                await SendAllAsync(socket, block);
                tally.Add(block);
            }

            try
            {
                await Task.Delay(pace.Interval, stop);
            }
            catch (OperationCanceledException)
            {
                // The block was the last.
            }
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Until the peer half-closes.</summary>
    public static async Task ReceiveAsync(Socket socket, ulong seed, Tally tally, StallMeter meter)
    {
        var expected = new byte[StreamPattern.BlockLength];
        var buffer = new byte[16 * 1024];
        StreamPattern.Fill(expected, seed, 0);
        int count;
        while ((count = await socket.ReceiveAsync(buffer)) > 0)
        {
            meter.Progress(expectMore: true);
            Compare(buffer.AsSpan(0, count), expected, seed, tally);
        }
    }

    /// <summary>Reads a direction in which nothing should come, until its end.</summary>
    public static async Task ReceiveNothingAsync(Socket socket, Tally tally)
    {
        var buffer = new byte[256];
        int count;
        while ((count = await socket.ReceiveAsync(buffer)) > 0)
        {
            tally.Add(buffer.AsSpan(0, count));
            tally.Difference ??= $"{count} bytes came where none were sent";
        }
    }

    public static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes)..];
        }
    }

    public static async Task ReceiveExactlyAsync(Socket socket, Memory<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var count = await socket.ReceiveAsync(buffer);
            buffer = count > 0 ? buffer[count..] : throw new EndOfStreamException($"the connection ended with {buffer.Length} bytes still due");
        }
    }

    private static void Compare(ReadOnlySpan<byte> received, byte[] expected, ulong seed, Tally tally)
    {
        while (received.Length > 0)
        {
            var (index, place) = Math.DivRem(tally.Bytes, StreamPattern.BlockLength);
            if (place == 0)
            {
                StreamPattern.Fill(expected, seed, index);
            }

            var part = received[..(int)Math.Min(received.Length, StreamPattern.BlockLength - place)];
            if (!part.SequenceEqual(expected.AsSpan((int)place, part.Length)))
            {
                tally.Difference ??= $"the bytes from {tally.Bytes} on are not those that were sent";
            }

            tally.Add(part);
            received = received[part.Length..];
        }
    }
}
