using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Connector.Benchmarks.Trials.Diagnostics;

/// <summary>
/// Looks into another .NET process from outside, through the socket that every runtime opens for diagnostics (docs: "Diagnostic IPC protocol" of dotnet/diagnostics):
/// asks for a full collection, and reads meters of System.Diagnostics.Metrics. The process is not told about and not changed by it.
/// </summary>
internal sealed class DiagnosticsPort(int processId)
{
    private const byte EventPipe = 0x02;
    private const byte StopTracing = 0x01;
    private const byte CollectTracing2 = 0x03;
    private const byte Server = 0xFF;
    private const byte Ok = 0x00;
    private const int HeaderLength = 20;
    private const uint Informational = 4;
    private const ulong CollectHeap = 0x80_0000;
    private const ulong TimeSeriesValues = 0x2;
    private static readonly byte[] Magic = [.. "DOTNET_IPC_V1"u8, 0];
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>A full blocking collection.</summary>
    public Task CollectAsync(CancellationToken cancellation)
        => TraceAsync("Microsoft-Windows-DotNETRuntime", CollectHeap, "", TimeSpan.Zero, cancellation);

    /// <summary>Bytes that the last collection left in the managed heap, without the holes.</summary>
    public async Task<long> HeapAfterCollectionAsync(CancellationToken cancellation)
    {
        // Twice: what the first one finds unreachable but has to finalize goes with the second.
        await CollectAsync(cancellation);
        await CollectAsync(cancellation);
        var values = await MeterAsync("System.Runtime", cancellation);
        var heap = Sum("dotnet.gc.last_collection.heap.size");
        return heap - Sum("dotnet.gc.last_collection.heap.fragmentation.size");

        long Sum(string instrument) => values.Where(value => value.Instrument == instrument).ToArray() is { Length: > 0 } found
            ? found.Sum(value => (long)value.Value)
            : throw new InvalidDataException($"Process {processId} published no {instrument}.");
    }

    /// <summary>The last value of every instrument of the meter that published one within some seconds.</summary>
    public async Task<IReadOnlyCollection<MeterValue>> MeterAsync(string meter, CancellationToken cancellation)
    {
        var session = Guid.NewGuid().ToString("N");
        var trace = await TraceAsync(
            "System.Diagnostics.Metrics", TimeSeriesValues,
            $"SessionId={session};Metrics={meter};RefreshInterval=1;MaxTimeSeries=1000;MaxHistograms=10", TimeSpan.FromSeconds(2.5), cancellation);
        return MeterValues.Read(trace, session);
    }

    private async Task<byte[]> TraceAsync(string provider, ulong keywords, string filter, TimeSpan duration, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(Deadline);
        using var body = new MemoryStream();
        using (var writer = new BinaryWriter(body, Encoding.Unicode, leaveOpen: true))
        {
            writer.Write(16u);
            writer.Write(1u);
            writer.Write((byte)0);
            writer.Write(1u);
            writer.Write(keywords);
            writer.Write(Informational);
            Write(writer, provider);
            Write(writer, filter);
        }

        try
        {
            await using var stream = await ConnectAsync(timeout.Token);
            var session = BinaryPrimitives.ReadUInt64LittleEndian(await AskAsync(stream, CollectTracing2, body.ToArray(), timeout.Token));
            using var trace = new MemoryStream();
            var reading = stream.CopyToAsync(trace, timeout.Token);
            await Task.Delay(duration, timeout.Token);
            await using (var second = await ConnectAsync(timeout.Token))
            {
                var id = new byte[sizeof(ulong)];
                BinaryPrimitives.WriteUInt64LittleEndian(id, session);
                await AskAsync(second, StopTracing, id, timeout.Token);
            }

            await reading;
            return trace.ToArray();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"The runtime of process {processId} did not answer on its diagnostics socket within {Deadline.TotalSeconds:0} s.");
        }
    }

    private static void Write(BinaryWriter writer, string text)
    {
        writer.Write((uint)text.Length + 1);
        writer.Write(Encoding.Unicode.GetBytes(text));
        writer.Write((ushort)0);
    }

    private async Task<NetworkStream> ConnectAsync(CancellationToken cancellation)
    {
        var pattern = string.Create(CultureInfo.InvariantCulture, $"dotnet-diagnostic-{processId}-*-socket");
        var path = Directory.EnumerateFiles(Path.GetTempPath(), pattern).FirstOrDefault()
            ?? throw new FileNotFoundException($"Process {processId} has no diagnostics socket ({pattern} in {Path.GetTempPath()}); is it .NET, and DOTNET_EnableDiagnostics not 0?");
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<byte[]> AskAsync(NetworkStream stream, byte command, byte[] body, CancellationToken cancellation)
    {
        var message = new byte[HeaderLength + body.Length];
        Magic.CopyTo(message, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(14), (ushort)message.Length);
        message[16] = EventPipe;
        message[17] = command;
        body.CopyTo(message, HeaderLength);
        await stream.WriteAsync(message, cancellation);

        var header = new byte[HeaderLength];
        await stream.ReadExactlyAsync(header, cancellation);
        var answer = new byte[BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(14)) - HeaderLength];
        await stream.ReadExactlyAsync(answer, cancellation);
        return header[16] == Server && header[17] == Ok
            ? answer
            : throw new InvalidDataException($"The runtime of process {processId} refused the diagnostics command {command}: {Convert.ToHexString(answer)}.");
    }
}
