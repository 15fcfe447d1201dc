using System.Security.Cryptography;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Server.Feed.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Server.Feed.Following;

/// <summary>
/// The newest state on an edge's disk: what lets it start and serve while the control plane is away. One Protobuf message behind a mark and its SHA-256, replaced
/// atomically, for its owner only.
/// </summary>
internal sealed class EdgeStateFile(string directory)
{
    public const string FileName = "edge-state";
    public const string DamagedFileName = FileName + ".damaged";

    private const int Format = 1;
    private const long MaxSize = FeedBounds.MaxStateSize * 2L;
    private static readonly byte[] Mark = "border0-edge-state\n"u8.ToArray();

    public string Path { get; } = System.IO.Path.Combine(directory, FileName);

    /// <param name="ConfirmedAt">When the control plane last said that it was the newest.</param>
    public sealed record Kept(EdgeId EdgeId, string OrganizationId, EdgeState State, DateTimeOffset ConfirmedAt);

    /// <summary>Null when there is none.</summary>
    /// <exception cref="InvalidDataException">It is damaged; it was set aside, the message says where.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public Kept? Read()
    {
        if (!File.Exists(Path))
        {
            return null;
        }

        try
        {
            if (new FileInfo(Path).Length > MaxSize)
            {
                throw new InvalidDataException($"it is larger than {MaxSize} bytes");
            }

            return Parse(File.ReadAllBytes(Path));
        }
        catch (Exception exception) when (exception is InvalidDataException or InvalidProtocolBufferException or FeedProtocolException or InvalidOperationException)
        {
            var aside = System.IO.Path.Combine(directory, DamagedFileName);
            File.Move(Path, aside, overwrite: true);
            throw new InvalidDataException($"the state in {Path} is damaged ({exception.Message.TrimEnd('.')}); it was moved to {aside}", exception);
        }
    }

    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Write(Kept kept)
    {
        var body = new StoredState
        {
            Format = Format,
            EdgeId = kept.EdgeId.Value,
            OrganizationId = kept.OrganizationId,
            ConfirmedAt = kept.ConfirmedAt.ToTimestamp(),
            State = StateParts.One(kept.State),
        }.ToByteArray();

        // In the same folder, so that the rename is atomic: a crash leaves the old content or the new.
        var temporary = Path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        File.Delete(temporary);
        using (var file = new FileStream(temporary, options))
        {
            file.Write(Mark);
            file.Write(SHA256.HashData(body));
            file.Write(body);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, Path, overwrite: true);
    }

    private static Kept Parse(byte[] bytes)
    {
        var head = Mark.Length + SHA256.HashSizeInBytes;
        if (bytes.Length < head || !bytes.AsSpan(0, Mark.Length).SequenceEqual(Mark))
        {
            throw new InvalidDataException("it does not begin as such a file does");
        }

        if (!SHA256.HashData(bytes.AsSpan(head)).AsSpan().SequenceEqual(bytes.AsSpan(Mark.Length, SHA256.HashSizeInBytes)))
        {
            throw new InvalidDataException("its content does not match its checksum");
        }

        var stored = StoredState.Parser.ParseFrom(bytes, head, bytes.Length - head);
        if (stored.Format != Format || stored.State is null || stored.ConfirmedAt is null)
        {
            throw new InvalidDataException($"it has the format {stored.Format}, this version reads {Format}");
        }

        var state = new StateAssembler().Add(stored.State) ?? throw new InvalidDataException("it is not complete");
        return new Kept(new EdgeId(stored.EdgeId), stored.OrganizationId, state, stored.ConfirmedAt.ToDateTimeOffset());
    }
}
