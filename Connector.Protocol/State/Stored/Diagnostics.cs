using Google.Protobuf;

namespace Connector.Protocol.State.Stored;

// Tickets and configurations are secrets, and generated messages print all of themselves wherever they meet a log: these print their name.

public sealed partial class StateChanges : ICustomDiagnosticMessage
{
    public string ToDiagnosticString() => $"StateChanges({Changes.Count})";
}

public sealed partial class StateChange : ICustomDiagnosticMessage
{
    public string ToDiagnosticString() => $"StateChange({ChangeCase})";
}

public sealed partial class StateSnapshot : ICustomDiagnosticMessage
{
    public string ToDiagnosticString() => "StateSnapshot";
}

public sealed partial class HeldConfiguration : ICustomDiagnosticMessage
{
    public string ToDiagnosticString() => $"HeldConfiguration({Sockets.Count} sockets, {Plugins.Count} plugins)";
}

public sealed partial class HeldItem : ICustomDiagnosticMessage
{
    public string ToDiagnosticString() => $"HeldItem({Id})";
}

public sealed partial class HeldTicket : ICustomDiagnosticMessage
{
    public string ToDiagnosticString() => "HeldTicket(secret)";
}
