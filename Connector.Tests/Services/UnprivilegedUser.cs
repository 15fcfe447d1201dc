using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>For servers that refuse to run as root: when tests run as root they run as this user, and otherwise as ours.</summary>
internal sealed record UnprivilegedUser(string Name)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    public static IReadOnlyList<InstalledProgram> Needs { get; } = Environment.IsPrivilegedProcess ? [InstalledProgram.SetPriv] : [];

    public async Task OwnAsync(TemporaryFolder folder)
    {
        if (Environment.IsPrivilegedProcess)
        {
            await ChildProcess.RunAsync("chown", [Name, folder.Path], Deadline);
        }
    }

    public (string Program, IReadOnlyList<string> Arguments) Command(InstalledProgram program, IReadOnlyList<string> arguments)
        => Environment.IsPrivilegedProcess
            ? (InstalledProgram.SetPriv.Require(), [$"--reuid={Name}", $"--regid={Name}", "--clear-groups", "--", program.Require(), .. arguments])
            : (program.Require(), arguments);
}
