using System.ComponentModel;
using System.Diagnostics;

namespace Connector.Host.Running;

/// <summary>
/// A child process whose standard input is a pipe that nobody writes into: it ends with this process, in whatever way, and the child hears that
/// (<see cref="ParentWatch"/>).
/// </summary>
internal sealed class SupervisedProcess : ISupervisedProcess
{
    private readonly Process process;

    private SupervisedProcess(Process process, Action<string> line)
    {
        this.process = process;
        Id = process.Id;
        _ = PumpAsync(process.StandardError, line);
        _ = PumpAsync(process.StandardOutput, static _ => { });
        Ended = EndAsync();
    }

    public int Id { get; }

    public Task<int> Ended { get; }

    /// <param name="environment">Set in the child, or removed where null; the rest is inherited.</param>
    /// <param name="line">Given each line of its standard error, on any thread.</param>
    /// <exception cref="Win32Exception">The system cannot start it.</exception>
    public static SupervisedProcess Start(OwnProgram program, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string?>> environment, Action<string> line)
    {
        var start = new ProcessStartInfo(program.File)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in program.First.Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        start.Environment[ParentWatch.Variable] = ParentWatch.ByStandardInput;
        return new SupervisedProcess(Process.Start(start) ?? throw new Win32Exception($"starting {program.File} gave no process"), line);
    }

    public void AskToStop()
    {
        if (!UnixSignals.AreThere)
        {
            // The end of its standard input is the only way to ask there.
            process.StandardInput.Close();
            return;
        }

        if (!process.HasExited)
        {
            UnixSignals.Send(Id, UnixSignals.Continue);
            UnixSignals.Send(Id, UnixSignals.Terminate);
        }
    }

    public void Kill()
    {
        try
        {
            process.Kill();
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception)
        {
            // It has just ended.
        }
    }

    public void Dispose() => process.Dispose();

    private async Task<int> EndAsync()
    {
        await process.WaitForExitAsync().ConfigureAwait(false);
        return process.ExitCode;
    }

    private static async Task PumpAsync(StreamReader reader, Action<string> line)
    {
        try
        {
            while (await reader.ReadLineAsync().ConfigureAwait(false) is { } text)
            {
                line(text);
            }
        }
        catch (Exception over) when (over is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The child has ended and was disposed of.
        }
    }
}
