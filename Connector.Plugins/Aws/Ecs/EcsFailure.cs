namespace Connector.Plugins.Aws.Ecs;

/// <param name="Reason">"MISSING" when it is gone.</param>
internal sealed record EcsFailure(string Arn, string Reason);
