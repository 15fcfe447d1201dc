using System.Security.Cryptography;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>Bytes that passed one end of one direction, with their SHA-256.</summary>
internal sealed class Tally : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private string? digest;

    public long Bytes { get; private set; }

    /// <summary>Set by whoever compares with what was expected: the first place that differs.</summary>
    public string? Difference { get; set; }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        hash.AppendData(bytes);
        Bytes += bytes.Length;
    }

    /// <summary>Closes the tally.</summary>
    public string Digest() => digest ??= $"{Bytes} bytes, {Convert.ToHexStringLower(hash.GetHashAndReset())}";

    public void Dispose() => hash.Dispose();
}
