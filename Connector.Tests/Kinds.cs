namespace Connector.Tests;

/// <summary>Values of the trait "kind" that every test class carries, as in <c>[Trait("kind", Kinds.Pure)]</c>.</summary>
public static class Kinds
{
    /// <summary>No I/O, no actor system, no real time.</summary>
    public const string Pure = "pure";

    /// <summary>Akka.TestKit with virtual time.</summary>
    public const string Actor = "actor";

    /// <summary>The relay over in-memory or loopback connections.</summary>
    public const string Stream = "stream";

    /// <summary>One suite that several implementations pass; may use loopback and temporary folders.</summary>
    public const string Contract = "contract";

    /// <summary>The real executable.</summary>
    public const string Process = "process";

    /// <summary>A real server (PostgreSQL, sshd, nginx) that the test starts on loopback.</summary>
    public const string Service = "service";
}
