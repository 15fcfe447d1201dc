namespace Connector.Plugins.Aws.Rds;

/// <summary>What is used of RDS's API 2014-10-31. An official client can take its place.</summary>
internal interface IRdsApi
{
    /// <param name="marker">Null for the first page.</param>
    Task<RdsPage> DescribeDbInstancesAsync(string? marker, CancellationToken cancellationToken);
}
