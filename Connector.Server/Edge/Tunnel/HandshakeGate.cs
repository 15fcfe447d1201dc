using System.Net;
using System.Net.Sockets;
using Connector.Server.Edge.Admission;

namespace Connector.Server.Edge.Tunnel;

/// <summary>
/// Bounds handshakes, which cost more than what asks for them: how many run at once, in all and per address, and how many begin per second.
/// IPv6 counts by /64, which one host has for itself. Thread-safe.
/// </summary>
internal sealed class HandshakeGate(EdgeLimits limits, TimeProvider time)
{
    // Beyond it, addresses that are idle and have their whole burst again are forgotten.
    private const int Remembered = 4096;

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, Account> accounts = [];
    private int inFlight;

    /// <returns>False: close the connection. True: call <see cref="Leave"/> once when the handshake is over.</returns>
    public bool TryEnter(IPAddress address)
    {
        var key = KeyOf(address);
        var now = time.GetTimestamp();
        lock (gate)
        {
            if (inFlight >= limits.HandshakesInFlight)
            {
                return false;
            }

            if (!accounts.TryGetValue(key, out var account))
            {
                if (accounts.Count >= Remembered)
                {
                    Forget(now);
                }

                // So many strangers at once is an attack; those who are known still get in.
                if (accounts.Count >= Remembered)
                {
                    return false;
                }

                account = new Account { Tokens = limits.HandshakeBurstPerAddress, Filled = now };
                accounts.Add(key, account);
            }

            Fill(account, now);
            if (account.InFlight >= limits.HandshakesInFlightPerAddress || account.Tokens < 1)
            {
                return false;
            }

            account.Tokens--;
            account.InFlight++;
            inFlight++;
            return true;
        }
    }

    public void Leave(IPAddress address)
    {
        lock (gate)
        {
            inFlight--;
            accounts[KeyOf(address)].InFlight--;
        }
    }

    internal static IPAddress KeyOf(IPAddress address)
    {
        address = ClientAdmission.Normalize(address);
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    private void Fill(Account account, long now)
    {
        var seconds = time.GetElapsedTime(account.Filled, now).TotalSeconds;
        account.Tokens = Math.Min(limits.HandshakeBurstPerAddress, account.Tokens + (seconds * limits.HandshakesPerSecondPerAddress));
        account.Filled = now;
    }

    private void Forget(long now)
    {
        foreach (var (address, account) in accounts)
        {
            Fill(account, now);
            if (account.InFlight == 0 && account.Tokens >= limits.HandshakeBurstPerAddress)
            {
                accounts.Remove(address);
            }
        }
    }

    private sealed class Account
    {
        public int InFlight { get; set; }

        public double Tokens { get; set; }

        public long Filled { get; set; }
    }
}
