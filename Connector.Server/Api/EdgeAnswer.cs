using Connector.Protocol.Ids;
using Connector.Server.Feed.Serving;
using Connector.Server.Store.Database;

namespace Connector.Server.Api;

/// <summary>An edge: the one in the control plane's process, or one of its own.</summary>
/// <param name="State">online, offline, or new while it never came.</param>
/// <param name="PublicHost">What end users dial.</param>
/// <param name="TunnelAddresses">What replicas dial.</param>
/// <param name="StateVersion">Of what it follows.</param>
/// <param name="Token">The edge credential: only in the answer to its making; it is kept nowhere.</param>
internal sealed record EdgeAnswer(
    string EdgeId, string Name, bool BuiltIn, string State, string? PublicHost, IReadOnlyList<string> TunnelAddresses, IReadOnlyList<string> CaPins, string? Version,
    DateTime? ConnectedAt, string? RemoteAddress, DateTime? LastSeenAt, EdgeAnswer.StateVersionAnswer? StateVersion, DateTime? CreatedAt, DateTime? CredentialExpiresAt, string? Token)
{
    public const string Online = "online";
    public const string Offline = "offline";
    public const string New = "new";

    /// <param name="Applied">What it said is in force there; absent while it is away.</param>
    internal sealed record StateVersionAnswer(string Incarnation, long Desired, long? Applied);

    public static EdgeAnswer Of(KnownEdge builtIn)
        => new(builtIn.Id.Value, builtIn.Name, true, Online, builtIn.PublicHost, builtIn.Addresses, builtIn.CaPins, null, null, null, null, null, null, null, null);

    public static EdgeAnswer Of(EdgeRow row, EdgeConnection? connection, DesiredStateVersion desired, string? token = null) => new(
        row.Id,
        row.Name,
        false,
        connection is not null ? Online : row.LastSeenAt is null ? New : Offline,
        row.PublicHost.Length > 0 ? row.PublicHost : null,
        row.Addresses.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        row.CaPins.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        row.SoftwareVersion.Length > 0 ? row.SoftwareVersion : null,
        connection?.Since.UtcDateTime,
        connection?.RemoteAddress,
        ApiJson.Time(row.LastSeenAt),
        new StateVersionAnswer(desired.Incarnation, desired.Number, connection?.Applied is { } applied && applied.Incarnation == desired.Incarnation ? applied.Number : null),
        ApiJson.Time(row.CreatedAt),
        ApiJson.Time(row.CredentialExpiresAt),
        token);
}
