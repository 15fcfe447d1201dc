using System.Collections.Immutable;
using System.Net;
using Connector.Actors.Group;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Protocol.Tls;

namespace Connector.Host.Configuration;

/// <summary>What a replica starts with: file, environment and flags put together, references resolved.</summary>
/// <param name="ServerUrl">Where the control stream goes.</param>
/// <param name="Health">Null when switched off.</param>
/// <param name="Notes">What the user should know, one line each.</param>
public sealed record ConnectorSettings(
    Secret Token,
    ConnectorId ConnectorId,
    string OrganizationId,
    Uri ServerUrl,
    ServerTrust Trust,
    string StateDirectory,
    IPEndPoint? Health,
    string LogLevel,
    ReachRules Reach,
    TimeSpan DrainTimeout,
    ImmutableDictionary<string, Secret> Variables,
    ImmutableArray<string> Notes)
{
    /// <summary>How long streams wait for a lane when all have died.</summary>
    public TimeSpan ResumeWithin { get; init; } = ServerSettings.DefaultResumeWithin;

    /// <summary>How this replica is a member of its connector's group; null when it runs alone.</summary>
    public GroupSettings? Cluster { get; init; }
}
