namespace Connector.Plugins.Aws;

/// <summary>More came than an answer of AWS can be.</summary>
internal sealed class OversizedAnswerException(long most) : Exception($"the answer is larger than {most / 1024 / 1024} MiB");
