namespace Connector.Relay.Links;

/// <summary>Whether streams get through on every lane of a link, as shown by a round trip of the data path on each.</summary>
/// <param name="On">Every lane of the link was proven lately; false without a lane.</param>
/// <param name="Age">Since the newest proof of the lane whose proof is oldest; null when a lane was never proven, or there is none.</param>
public readonly record struct PathProof(bool On, TimeSpan? Age);
