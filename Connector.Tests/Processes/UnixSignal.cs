namespace Connector.Tests.Processes;

/// <summary>The signals the tests send, with their numbers on Linux.</summary>
internal enum UnixSignal
{
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
