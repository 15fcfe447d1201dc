namespace Connector.Plugins.Aws.Signing;

/// <summary>What is signed of a request.</summary>
/// <param name="Path">As it is sent: encoded, begins with a slash.</param>
/// <param name="Query">Unencoded, in any order; a name may come several times.</param>
/// <param name="Headers">All that shall be signed, Host included.</param>
internal sealed record SigV4Request(
    string Method, string Path, IReadOnlyList<(string Name, string Value)> Query, IReadOnlyList<(string Name, string Value)> Headers, ReadOnlyMemory<byte> Body);
