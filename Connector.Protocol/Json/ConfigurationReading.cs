using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Connector.Protocol.Json;

/// <summary>What became of reading a configuration.</summary>
/// <param name="Value">Null exactly when there are problems.</param>
/// <param name="Problems">Each begins with the JSON path; none contains a value, since values may be secrets.</param>
public sealed record ConfigurationReading<T>(T? Value, ImmutableArray<string> Problems)
    where T : class
{
    [MemberNotNullWhen(true, nameof(Value))]
    public bool Succeeded => Problems.IsEmpty;
}
