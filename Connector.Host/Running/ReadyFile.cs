using System.Text.Json;
using Connector.Host.Errors;
using Connector.Host.State;

namespace Connector.Host.Running;

/// <summary>Tells scripts and tests that everything accepts connections. Holds secrets, so only its owner may read it.</summary>
public sealed class ReadyFile
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    private readonly string path;
    private readonly Lock gate = new();
    private bool removed;

    private ReadyFile(string path) => this.path = path;

    /// <summary>Null when none is wanted. A file of an earlier run is removed, so that nobody takes it for this one's.</summary>
    /// <exception cref="ConnectorError">It could not be written later.</exception>
    public static ReadyFile? Prepare(string? path)
    {
        if (path is null)
        {
            return null;
        }

        path = Path.GetFullPath(path);
        if (!Directory.Exists(Path.GetDirectoryName(path)))
        {
            throw new ConnectorError($"Cannot write the ready file {path}", "its directory does not exist", "Create the directory, or name another file");
        }

        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw FileFailure.ToError($"Cannot replace the ready file {path}", failure, path);
        }

        return new ReadyFile(path);
    }

    /// <summary>Again when what it says has changed. Nothing after <see cref="Remove"/>.</summary>
    public void Write(ReadyReport report)
    {
        lock (gate)
        {
            if (!removed)
            {
                PrivateFiles.Write(path, JsonSerializer.Serialize(report, Json) + "\n", "the ready file");
            }
        }
    }

    /// <summary>Null when there is none.</summary>
    /// <exception cref="ConnectorError">It is there, and cannot be read.</exception>
    public static ReadyReport? Read(string path)
    {
        if (PrivateFiles.TryRead(path, "the ready file") is not { } text)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<ReadyReport>(text, Json) is { Sockets.IsDefault: false, Replicas.IsDefault: false } report ? report : throw new JsonException("it says null");
        }
        catch (JsonException failure)
        {
            throw new ConnectorError($"Cannot read the ready file {path}", failure.Message.TrimEnd('.'), "Name the file that connector dev was given with --ready-file", inner: failure);
        }
    }

    /// <summary>
    /// At the end: what it says is no longer true. Once only: what is there later is a successor's.
    /// </summary>
    public void Remove()
    {
        lock (gate)
        {
            if (removed)
            {
                return;
            }

            removed = true;
        }

        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            // The process ends anyway, and the next one replaces it.
        }
    }
}
