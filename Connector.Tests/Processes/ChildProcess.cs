using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Connector.Tests.Processes;

/// <summary>
/// A process that we started and that we end by its id, with everything it wrote. Owns the process tree: disposing asks it to stop, then kills what is left.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int OutputLimit = 512 * 1024;
    private const int NoSuchProcess = 3;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly UnixSignal stopSignal;
    private readonly string description;
    private readonly Task[] drains;

    private ChildProcess(Process process, string description, ChildOutput handling, UnixSignal stopSignal)
    {
        this.process = process;
        this.description = description;
        this.stopSignal = stopSignal;
        drains = handling switch
        {
            ChildOutput.Captured => [Drain(process.StandardOutput), Drain(process.StandardError)],
            ChildOutput.Streamed => [Drain(process.StandardError)],
            _ => [],
        };
    }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <summary>Standard output as bytes; only with <see cref="ChildOutput.Streamed"/>.</summary>
    public Stream StandardOutput => process.StandardOutput.BaseStream;

    /// <summary>Standard input as bytes.</summary>
    public Stream StandardInput => process.StandardInput.BaseStream;

    /// <summary>What the process wrote so far, both channels mixed; the first half megabyte.</summary>
    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    public static ChildProcess Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        ChildOutput handling = ChildOutput.Captured,
        UnixSignal stopSignal = UnixSignal.Terminate,
        string? workingDirectory = null)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var description = $"{program} {string.Join(' ', start.ArgumentList)}";
        try
        {
            var process = Process.Start(start) ?? throw new InvalidOperationException($"Starting '{description}' gave no process.");
            return new ChildProcess(process, description, handling, stopSignal);
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"Starting '{description}' failed: {e.Message}.", e);
        }
    }

    /// <summary>Runs to the end and gives what it wrote; throws when it does not exit with 0 within the deadline.</summary>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, TimeSpan deadline, IReadOnlyDictionary<string, string>? environment = null)
    {
        await using var child = Start(program, arguments, environment);
        child.StandardInput.Close();
        var code = await child.WaitForExitAsync(deadline);
        return code == 0 ? child.Output : throw new InvalidOperationException($"'{child.description}' exited with {code}:\n{child.Output}");
    }

    public void Signal(UnixSignal signal)
    {
        // It may have ended just now, before the runtime has noticed.
        if (!process.HasExited && Kill(process.Id, (int)signal) != 0 && Marshal.GetLastPInvokeError() != NoSuchProcess)
        {
            throw new InvalidOperationException($"Sending {signal} to {process.Id} failed: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    /// <summary>Exit code, after everything written has been read.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan deadline)
    {
        try
        {
            // A grandchild may hold the pipes longer than the process lives; the deadline covers both waits.
            using var timeout = new CancellationTokenSource(deadline);
            await process.WaitForExitAsync(timeout.Token);
            await Task.WhenAll(drains).WaitAsync(timeout.Token);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"'{description}' did not end within {deadline.TotalSeconds:0} s. It wrote:\n{Output}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!process.HasExited)
            {
                if (!OperatingSystem.IsWindows())
                {
                    Signal(UnixSignal.Continue);
                    Signal(stopSignal);
                    using var grace = new CancellationTokenSource(Grace);
                    await process.WaitForExitAsync(grace.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It ignored the request; the kill below does not ask.
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }

            process.Dispose();
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int processId, int signal);

    private async Task Drain(StreamReader reader)
    {
        var buffer = new char[4096];
        try
        {
            int count;
            while ((count = await reader.ReadAsync(buffer)) > 0)
            {
                lock (output)
                {
                    output.Append(buffer, 0, Math.Min(count, OutputLimit - output.Length));
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The process was disposed of while we were reading.
        }
    }
}
