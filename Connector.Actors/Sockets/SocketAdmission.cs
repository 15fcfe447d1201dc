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

    /// <summary>Null when admitted (then it counts as dialling), else why not.</summary>
    public SocketRefusal? TryAdmit(DateTimeOffset now)
    {
        if (Live + Dialling >= limits.MaxStreams)
            return new SocketRefusal(RefusalCode.Busy, $"the socket has {limits.MaxStreams} streams on this replica, which is its limit");
        if (Dialling >= limits.MaxPendingDials)
            return new SocketRefusal(RefusalCode.Busy, $"the socket has {limits.MaxPendingDials} dials pending on this replica, which is its limit; is the upstream slow?");

        var burst = Math.Max(1, limits.OpensPerSecond);
        var passed = Math.Max(0, (now - refilled).TotalSeconds);
        tokens = Math.Min(burst, tokens + (passed * limits.OpensPerSecond));
        refilled = now;
        if (tokens < 1)
            return new SocketRefusal(RefusalCode.Busy, $"the socket takes {limits.OpensPerSecond:0} new streams per second on this replica, which is its limit");

        tokens--;
        Dialling++;
        return null;
    }

    /// <summary>A dial has ended, whatever came of it.</summary>
    public void DialEnded() => Dialling--;

    public void StreamBegan() => Live++;

    public void StreamEnded() => Live--;
}
