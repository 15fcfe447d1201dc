using System.Net;
using BenchmarkDotNet.Attributes;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Links;

namespace Connector.Benchmarks.Micro;

/// <summary>Control frames that a connection or a reconnect costs, written and read. Public and open because BenchmarkDotNet derives from it.</summary>
[MemoryDiagnoser]
public class ControlFramesBenchmarks
{
    private const long InitialLimit = 256 << 10;
    private static readonly SocketId Socket = new("7b6cf7bb-3d6c-4c0f-8f3f-3d7a4a52f001");
    private static readonly OpenRequest Request = new(Socket, new IPEndPoint(IPAddress.Loopback, 54321), "db.example", "ana@example.org", "");
    private static readonly ResumeEntry[] Entries =
        [.. Enumerable.Range(1, 100).Select(i => new ResumeEntry((uint)i, ResumeState.Open, ResumeAsk.None, i * 1000L, i * 2000L, null))];

    private readonly byte[] open = ControlFrames.Open(5, Request, InitialLimit);
    private readonly byte[] refused = ControlFrames.Refused(5, RefusalCode.UpstreamRefused, "10.0.0.5:5432 refused the connection");
    private readonly byte[] serve = ControlFrames.Serve(Socket, 44, UpstreamLamp.Unknown, 9);
    private readonly byte[] resume = ControlFrames.Resume(Entries);

    [Benchmark]
    public int WriteOpen() => ControlFrames.Open(5, Request, InitialLimit).Length;

    [Benchmark]
    public long ReadOpen() => ControlFrames.ReadOpen(Content(open)).InitialLimit;

    [Benchmark]
    public int WriteRefused() => ControlFrames.Refused(5, RefusalCode.UpstreamRefused, "10.0.0.5:5432 refused the connection").Length;

    [Benchmark]
    public int ReadRefused() => ControlFrames.ReadRefused(Content(refused)).Text.Length;

    [Benchmark]
    public int WriteServe() => ControlFrames.Serve(Socket, 44, UpstreamLamp.Unknown, 9).Length;

    [Benchmark]
    public long ReadServe() => ControlFrames.ReadServe(Content(serve)).ConfigVersion;

    [Benchmark]
    public int WriteResumeOf100() => ControlFrames.Resume(Entries).Length;

    [Benchmark]
    public int ReadResumeOf100() => ControlFrames.ReadResume(Content(resume)).Count;

    private static ReadOnlySpan<byte> Content(byte[] frame) => frame.AsSpan(FrameLimits.HeaderSize);
}
