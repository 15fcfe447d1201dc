namespace Connector.Plugins.Aws.Ecs;

/// <param name="Reason">"MISSING" when it is gone.</param>
/// <param name="Detail">In words; often empty.</param>
internal sealed record EcsFailure(string Arn, string Reason, string Detail);
