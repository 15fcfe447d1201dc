namespace Connector.Server.Edge.Links;

/// <summary>The table's answer to a HELLO: exactly one of link and refusal.</summary>
/// <param name="Known">The link existed before this lane.</param>
internal readonly record struct LaneEntry(AdmittedLink? Link, bool Known, LaneRefusal? Refusal);
