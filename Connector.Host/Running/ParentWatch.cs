namespace Connector.Host.Running;

/// <summary>
/// A child of <c>dev</c> holds the reading end of a pipe as its standard input, and nobody ever writes into it. It ends when the parent does, in whatever
/// way: the system closes the other end even after SIGKILL.
/// </summary>
internal static class ParentWatch
{
    /// <summary>Environment variable that a parent sets: the value says how it is watched.</summary>
    public const string Variable = "BORDER0_SUPERVISED";

    public const string ByStandardInput = "stdin";

    /// <summary>A thread of its own: the read blocks for as long as the parent lives.</summary>
    public static void Start(Stream input, Action gone)
        => new Thread(() => Watch(input, gone)) { IsBackground = true, Name = "parent watch" }.Start();

    private static void Watch(Stream input, Action gone)
    {
        try
        {
            while (input.ReadByte() >= 0)
            {
            }
        }
        catch (IOException)
        {
            // As good as its end.
        }

        gone();
    }
}
