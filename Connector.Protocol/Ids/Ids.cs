namespace Connector.Protocol.Ids;

/// <summary>The managed identity of a connector: a UUID, as text in lower case.</summary>
public readonly record struct ConnectorId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>A socket's id: a UUID, as text in lower case.</summary>
public readonly record struct SocketId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>A plugin's id: a UUID, as text in lower case.</summary>
public readonly record struct PluginId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>One replica of a connector; made on first start and kept in the state directory.</summary>
public readonly record struct ReplicaId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>One edge node.</summary>
public readonly record struct EdgeId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>The fence of a control session: raised durably by the control plane with each accepted claim. 0 means none yet.</summary>
public readonly record struct SessionEpoch(long Value) : IComparable<SessionEpoch>
{
    public int CompareTo(SessionEpoch other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Version of a connector's desired state: a store incarnation and a number that grows within it.</summary>
public readonly record struct DesiredStateVersion(string Incarnation, long Number)
{
    public static readonly DesiredStateVersion None = new("", 0);

    public override string ToString() => $"{Incarnation}/{Number}";
}
