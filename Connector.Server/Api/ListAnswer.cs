namespace Connector.Server.Api;

internal sealed record ListAnswer<T>(IReadOnlyList<T> List);

internal sealed record PagedAnswer<T>(PaginationAnswer Pagination, IReadOnlyList<T> List);
