namespace Connector.Plugins.Aws.Eks;

/// <summary>What is used of EKS's API 2017-11-01. An official client can take its place.</summary>
internal interface IEksApi
{
    /// <param name="token">Null for the first page.</param>
    Task<EksNames> ListClustersAsync(string? token, CancellationToken cancellationToken);

    Task<EksCluster> DescribeClusterAsync(string name, CancellationToken cancellationToken);
}
