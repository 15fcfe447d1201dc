namespace Connector.Protocol;

/// <summary>A value that must never be printed. <see cref="Reveal"/> is the only way to read it.</summary>
public sealed record Secret
{
    private readonly string value;

    public Secret(string value) => this.value = value;

    public string Reveal() => value;

    public override string ToString() => "(secret)";
}
