using Connector.Server.Store;

namespace Connector.Server.Api;

/// <param name="NextPage">0 after the last page.</param>
internal sealed record PaginationAnswer(
    int CurrentPage, int NextPage, int TotalRecords, int TotalPages, int RecordsPerPage, int ActualPageSize)
{
    public static PaginationAnswer Of<T>(Page<T> page)
    {
        var (number, size) = page.Request;
        var pages = (int)(((long)page.Total + size - 1) / size);
        return new PaginationAnswer(number, number < pages ? number + 1 : 0, page.Total, pages, size, page.Records.Count);
    }
}
