namespace Connector.Server.Certificates;

/// <summary>A certificate cannot be used; the message says which, why and what to do.</summary>
public sealed class CertificateException(string message, Exception? inner = null) : Exception(message, inner);
