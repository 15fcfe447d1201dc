using Connector.Relay.Frames;

namespace Connector.Actors.Sockets;

/// <summary>Decides whether a socket takes one more stream. Counts what it admitted; bounded by <see cref="SocketLimits"/>.</summary>
internal sealed class SocketAdmission(SocketLimits limits, DateTimeOffset now)
{
    private SocketLimits limits = limits;
    private double tokens = Math.Max(1, limits.OpensPerSecond);
    private DateTimeOffset refilled = now;

    public int Dialling { get; private set; }

    public int Live { get; private set; }

    public void Change(SocketLimits changed) => limits = changed;

    /// <summary>Null when admitted (then it counts as dialling), else why not: the limit with its value.</summary>
    /// <param name="socket">Its name.</param>
    public SocketRefusal? TryAdmit(string socket, DateTimeOffset now)
    {
        if (Live + Dialling >= limits.MaxStreams)
            return new SocketRefusal(RefusalCode.Busy, $"limit max_streams = {limits.MaxStreams} of socket {socket} is reached on this replica");
        if (Dialling >= limits.MaxPendingDials)
        {
            return new SocketRefusal(
                RefusalCode.Busy, $"limit dials pending = {limits.MaxPendingDials} of socket {socket} is reached on this replica; is the upstream slow?");
        }

        var burst = Math.Max(1, limits.OpensPerSecond);
        var passed = Math.Max(0, (now - refilled).TotalSeconds);
        tokens = Math.Min(burst, tokens + (passed * limits.OpensPerSecond));
        refilled = now;
        if (tokens < 1)
            return new SocketRefusal(RefusalCode.Busy, $"limit max_opens_per_second = {limits.OpensPerSecond:0} of socket {socket} is reached on this replica");

        tokens--;
        Dialling++;
        return null;
    }

    /// <summary>A dial has ended, whatever came of it.</summary>
    public void DialEnded() => Dialling--;

    public void StreamBegan() => Live++;

    public void StreamEnded() => Live--;
}
