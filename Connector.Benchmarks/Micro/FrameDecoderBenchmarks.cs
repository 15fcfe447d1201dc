using BenchmarkDotNet.Attributes;
using Connector.Relay.Frames;

namespace Connector.Benchmarks.Micro;

/// <summary>Decoding of a bulk stream, per frame of 64 KiB. Public and open because BenchmarkDotNet derives from it.</summary>
[MemoryDiagnoser]
public class FrameDecoderBenchmarks
{
    private const int Frames = 16;
    private readonly Counting sink = new();
    private byte[] stream = [];

    /// <summary>What one read of a lane gives: a TLS record, or a full read buffer.</summary>
    [Params(16 << 10, 128 << 10)]
    public int ReadBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var payload = new byte[FrameLimits.MaxData];
        stream = [.. Enumerable.Range(0, Frames).SelectMany(i => new ContentWriter().U64((long)i * payload.Length).Bytes(payload).Frame(FrameType.Data, stream: 7))];
    }

    [Benchmark(OperationsPerInvoke = Frames)]
    public long DecodeData()
    {
        var decoder = new FrameDecoder();
        sink.Bytes = 0;
        for (var at = 0; at < stream.Length;)
        {
            at += decoder.Decode(stream.AsSpan(at, Math.Min(ReadBytes, stream.Length - at)), sink);
        }

        return sink.Bytes == (long)Frames * FrameLimits.MaxData
            ? sink.Bytes
            : throw new InvalidOperationException($"Decoding {Frames} frames gave {sink.Bytes} bytes of data.");
    }

    private sealed class Counting : IFrameSink
    {
        public long Bytes { get; set; }

        public void Control(FrameHeader header, ReadOnlySpan<byte> content) => Bytes = long.MinValue;

        public void Data(uint stream, long offset, ReadOnlySpan<byte> bytes, int following) => Bytes += bytes.Length;
    }
}
