namespace Connector.Server.Api;

/// <param name="DroppedRecords">Records of ended sessions that were lost since the server started, because more ended than could be stored.</param>
internal sealed record StreamSessionsAnswer(PaginationAnswer Pagination, IReadOnlyList<StreamSessionAnswer> List, long DroppedRecords);
