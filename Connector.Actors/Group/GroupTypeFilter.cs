using System.Collections.Frozen;
using Hyperion;

namespace Connector.Actors.Group;

/// <summary>
/// The allow-list: the sealed types of this assembly with <see cref="IGroupMessage"/>, and the few framework types in them. Compared by full name and assembly name only,
/// because Hyperion asks with the version when it writes and without it when it reads.
/// </summary>
internal sealed class GroupTypeFilter : ITypeFilter
{
    private static readonly Type[] InMessages = [typeof(byte[]), typeof(Guid), typeof(DateTimeOffset), typeof(TimeSpan), typeof(string)];

    // Behind what its constructor reads.
    public static readonly GroupTypeFilter Instance = new();

    private readonly FrozenSet<string> allowed;

    private GroupTypeFilter() => allowed = Messages.Concat(InMessages).SelectMany(NamesOf).ToFrozenSet(StringComparer.Ordinal);

    public static IEnumerable<Type> Messages
        => typeof(IGroupMessage).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && typeof(IGroupMessage).IsAssignableFrom(type));

    public bool IsAllowed(string typeName) => allowed.Contains(Short(typeName));

    // The framework's types are known under the name of the facade as well.
    private static IEnumerable<string> NamesOf(Type type)
    {
        var name = type.Assembly.GetName().Name;
        yield return $"{type.FullName}, {name}";
        if (type.Assembly == typeof(object).Assembly)
        {
            yield return $"{type.FullName}, %core%";
            yield return $"{type.FullName}, System.Runtime";
            yield return $"{type.FullName}, mscorlib";
        }
    }

    /// <summary>"Name, Assembly" of whatever follows that.</summary>
    private static string Short(string typeName)
    {
        var first = typeName.IndexOf(',', StringComparison.Ordinal);
        if (first < 0)
            return typeName;
        var second = typeName.IndexOf(',', first + 1);
        return second < 0 ? typeName : typeName[..second];
    }
}
