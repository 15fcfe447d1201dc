using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Akka.Streams;
using Akka.Streams.Stage;
using Connector.Relay.Limits;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Relay.Stages;

#pragma warning disable CA2012 // the awaiters are kept in fields on purpose; each is consumed once, by its continuation or at once
/// <summary>
/// A connected TCP socket as a stage: what comes in is written, what is read goes out. It waits for readability before it takes a buffer,
/// so an idle connection holds none. Half-close is passed on both ways. Owns the socket. Under a limit of bytes it reads and writes no more than
/// its turn and then waits for the next one, so that the limit becomes backpressure.
/// </summary>
internal sealed class SocketStage(Socket socket, RelayStream stream, LimitedStream? limited = null) : GraphStage<FlowShape<RelayBuffer, RelayBuffer>>
{
    private readonly Inlet<RelayBuffer> toWrite = new("Socket.in");
    private readonly Outlet<RelayBuffer> read = new("Socket.out");

    public override FlowShape<RelayBuffer, RelayBuffer> Shape => new(toWrite, read);

    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) => new Logic(this, socket, stream, limited);

    private sealed class Logic : InAndOutGraphStageLogic
    {
        private readonly SocketStage stage;
        private readonly Socket socket;
        private readonly RelayStream stream;
        private readonly LimitedStream? limited;
        private readonly Action readable;
        private readonly Action received;
        private readonly Action written;
        private readonly Action mayRead;
        private readonly Action mayWrite;
        private Action<object?> onRead = null!;
        private Action<object?> onWritten = null!;
        private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter receiving;
        private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter sending;

        // The buffer of the read under way belongs to the read; once it is Filled, to whoever takes it: the stage, or the end of the stage.
        private RelayBuffer? reading;
        private int readState;
        private RelayBuffer? writing;
        private Exception? readFailure;
        private Exception? writeFailure;
        private int writtenBytes;
        private bool finishWriting;
        private bool writeClosed;
        private bool readClosed;
        private bool failed;
        private int stopped;

        // 1 while a write waits for its turn: the buffer then belongs to whoever sets it back to 0, the write that goes on or the end of the stage.
        private int writeParked;

        public Logic(SocketStage stage, Socket socket, RelayStream stream, LimitedStream? limited)
            : base(stage.Shape)
        {
            this.stage = stage;
            this.socket = socket;
            this.stream = stream;
            this.limited = limited;
            readable = Readable;
            received = Received;
            written = Written;
            mayRead = MayRead;
            mayWrite = MayWrite;
            SetHandlers(stage.toWrite, stage.read, this);
        }

        private static class ReadState
        {
            public const int None = 0;
            public const int Pending = 1;
            public const int Filled = 2;
        }

        public override void PreStart()
        {
            onRead = GetAsyncCallback<object?>(OnRead);
            onWritten = GetAsyncCallback<object?>(OnWritten);
            SetKeepGoing(true);
            Pull(stage.toWrite);
        }

        public override void PostStop()
        {
            Interlocked.Exchange(ref stopped, 1);
            limited?.Close();
            if (failed)
                ResetOnClose();
            socket.Dispose();
            TakeRead()?.Return();
            if (Unpark())
                writing!.Return();
        }

        // ---- reading

        public override void OnPull() => WaitReadable();

        public override void OnDownstreamFinish(Exception cause)
        {
            failed = true;
            CompleteStage();
        }

        private void WaitReadable()
        {
            try
            {
                receiving = socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None).ConfigureAwait(false).GetAwaiter();
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                FailReading(failure);
                return;
            }

            if (!receiving.IsCompleted)
            {
                receiving.UnsafeOnCompleted(readable);
                return;
            }

            if (Receive())
                OnRead(null);
        }

        /// <summary>Continuation off the stage: data is there, so the read that follows completes at once as a rule.</summary>
        private void Readable()
        {
            if (Receive())
                onRead(null);
        }

        /// <returns>Whether the read has ended, with or without success; otherwise a continuation will say so.</returns>
        private bool Receive()
        {
            try
            {
                receiving.GetResult();
                if (Volatile.Read(ref stopped) != 0)
                    return false;
                var most = BufferPool.Large;
                if (limited is { IsLimited: true })
                {
                    // At least one byte, for the end of the stream is read as well.
                    most = limited.Take(Direction.FromUpstream, Math.Max(1, socket.Available), mayRead);
                    if (most == 0)
                        return false;
                }

                var buffer = stream.RentForSend(mayRead);
                if (buffer is null)
                    return stream.Outcome is not null;
                reading = buffer;
                readState = ReadState.Pending;
                receiving = socket.ReceiveAsync(buffer.Array.AsMemory(0, Math.Min(most, buffer.Capacity)), SocketFlags.None).ConfigureAwait(false).GetAwaiter();
                if (!receiving.IsCompleted)
                {
                    receiving.UnsafeOnCompleted(received);
                    return false;
                }

                EndReceive();
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                FailReceive(failure);
            }

            return true;
        }

        private void Received()
        {
            try
            {
                EndReceive();
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                FailReceive(failure);
            }

            onRead(null);
        }

        private void EndReceive()
        {
            var bytes = receiving.GetResult();
            reading!.Length = bytes;
            limited?.Moved(Direction.FromUpstream, bytes);
            Interlocked.Exchange(ref readState, ReadState.Filled);

            // The stage may have stopped meanwhile; then nobody will come for the buffer.
            if (Volatile.Read(ref stopped) != 0)
                TakeRead()?.Return();
        }

        private void FailReceive(Exception failure)
        {
            readFailure = failure;
            if (Interlocked.Exchange(ref readState, ReadState.None) == ReadState.Pending)
                reading!.Return();
        }

        private RelayBuffer? TakeRead()
            => Interlocked.CompareExchange(ref readState, ReadState.None, ReadState.Filled) == ReadState.Filled ? reading : null;

        /// <summary>From any thread: memory came back or the stream has its turn, the parked read may try again.</summary>
        private void MayRead() => onRead(mayRead);

        private void OnRead(object? reason)
        {
            if (ReferenceEquals(reason, mayRead))
            {
                if (!readClosed)
                    WaitReadable();
                return;
            }

            if (readFailure is not null)
            {
                FailReading(readFailure);
                return;
            }

            if (TakeRead() is not { } buffer)
                return;
            if (buffer.Length > 0)
            {
                stream.TransitOut = buffer;
                Push(stage.read, buffer);
                return;
            }

            buffer.Return();
            readClosed = true;
            Complete(stage.read);
            CompleteWhenBothClosed();
        }

        private void FailReading(Exception failure)
        {
            failed = true;
            FailStage(new SocketFailedException("reading from", failure));
        }

        // ---- writing

        public override void OnPush()
        {
            writing = Grab(stage.toWrite);
            stream.TransitIn = null;
            writtenBytes = 0;
            if (Write())
                OnWritten(null);
        }

        public override void OnUpstreamFinish()
        {
            finishWriting = true;
            if (writing is null)
                FinishWriting();
        }

        public override void OnUpstreamFailure(Exception failure)
        {
            failed = true;
            FailStage(failure);
        }

        /// <returns>Whether everything is written or has failed; otherwise a continuation will say so.</returns>
        private bool Write()
        {
            try
            {
                while (writtenBytes < writing!.Length)
                {
                    var part = writing.Filled[writtenBytes..];
                    if (limited is { IsLimited: true })
                    {
                        var most = TakeTurn(part.Length);
                        if (most == 0)
                            return false;
                        part = part[..most];
                    }

                    sending = socket.SendAsync(part, SocketFlags.None).ConfigureAwait(false).GetAwaiter();
                    if (!sending.IsCompleted)
                    {
                        sending.UnsafeOnCompleted(written);
                        return false;
                    }

                    CountWritten();
                }
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                writeFailure = failure;
            }

            EndWrite();
            return true;
        }

        /// <summary>Bytes that may be written now; 0: parked, or the stage has stopped and the buffer is not ours any more.</summary>
        private int TakeTurn(int wanted)
        {
            // Parked before it asks: once it waits, the turn may come at any time.
            Interlocked.Exchange(ref writeParked, 1);
            var most = limited!.Take(Direction.ToUpstream, wanted, mayWrite);
            if (most > 0)
                return Unpark() ? most : 0;

            // The stage may have stopped meanwhile; then nobody will come for the buffer.
            if (Volatile.Read(ref stopped) != 0 && Unpark())
                writing!.Return();
            return 0;
        }

        private bool Unpark() => Interlocked.Exchange(ref writeParked, 0) != 0;

        /// <summary>From any thread: the parked write has its turn.</summary>
        private void MayWrite() => onWritten(mayWrite);

        private void CountWritten()
        {
            var bytes = sending.GetResult();
            writtenBytes += bytes;
            limited?.Moved(Direction.ToUpstream, bytes);
        }

        private void Written()
        {
            try
            {
                CountWritten();
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                writeFailure = failure;
                EndWrite();
                onWritten(null);
                return;
            }

            if (Write())
                onWritten(null);
        }

        private void EndWrite()
        {
            var buffer = writing!;
            writing = null;
            var bytes = buffer.Length;
            buffer.Return();
            if (writeFailure is null)
                stream.Consumed(bytes);
        }

        private void OnWritten(object? reason)
        {
            if (ReferenceEquals(reason, mayWrite) && !(Unpark() && Write()))
                return;

            if (writeFailure is not null)
            {
                failed = true;
                FailStage(new SocketFailedException("writing to", writeFailure));
            }
            else if (finishWriting)
            {
                FinishWriting();
            }
            else if (!HasBeenPulled(stage.toWrite))
            {
                Pull(stage.toWrite);
            }
        }

        private void FinishWriting()
        {
            if (writeClosed)
                return;
            writeClosed = true;
            try
            {
                socket.Shutdown(SocketShutdown.Send);
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                failed = true;
                FailStage(new SocketFailedException("half-closing", failure));
                return;
            }

            stream.ConsumedFin();
            CompleteWhenBothClosed();
        }

        private void CompleteWhenBothClosed()
        {
            if (readClosed && writeClosed)
                CompleteStage();
        }

        private void ResetOnClose()
        {
            try
            {
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                // Closed already: there is nobody left to tell.
            }
        }
    }
}
