namespace Connector.Server.Store;

/// <param name="Number">From 1.</param>
internal readonly record struct PageRequest(int Number, int Size)
{
    public Page<T> Of<T>(IQueryable<T> ordered)
    {
        var total = ordered.Count();
        var skip = (long)(Number - 1) * Size;
        return new Page<T>(skip >= total ? [] : [.. ordered.Skip((int)skip).Take(Size)], this, total);
    }
}
