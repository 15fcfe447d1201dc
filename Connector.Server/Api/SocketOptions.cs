using System.Collections.Immutable;
using System.Text.Json;
using Connector.Protocol.Json;
using Connector.Protocol.Sockets;
using Connector.Server.Store.Database;

namespace Connector.Server.Api;

/// <summary>
/// Limits, upstream check and PROXY protocol of a socket: from requests, from the store, into answers. In a change what is absent stays; 0 brings a number's
/// default back.
/// </summary>
internal static class SocketOptions
{
    private static readonly ImmutableArray<string> LimitKeys = [.. SocketOptionRules.Limits.Select(limit => limit.Key)];
    private static readonly ImmutableArray<string> CheckKeys = ["enabled", .. SocketOptionRules.UpstreamCheck.Select(number => number.Key)];

    public static SocketLimitsConfiguration Limits(SocketRow row)
        => JsonSerializer.Deserialize<SocketLimitsConfiguration>(row.Limits, WireJson.Options)!;

    public static UpstreamCheckConfiguration UpstreamCheck(SocketRow row)
        => JsonSerializer.Deserialize<UpstreamCheckConfiguration>(row.UpstreamCheck, WireJson.Options)!;

    public static SocketAnswer.LimitsAnswer Answer(SocketLimitsConfiguration limits)
        => new(
            limits.MaxStreams ?? 0, limits.MaxBytesPerSecond ?? 0, limits.MaxOpensPerSecond ?? 0, limits.IdleTimeoutSeconds ?? 0, limits.MaxAgeSeconds ?? 0);

    public static SocketAnswer.UpstreamCheckAnswer Answer(UpstreamCheckConfiguration check)
        => new(check.IsEnabled(), (int)check.Interval().TotalSeconds, (int)check.Timeout().TotalSeconds);

    /// <summary>Canonical JSON with what is not the default; null when the request does not name it.</summary>
    /// <exception cref="ApiError">400, naming the key.</exception>
    public static string? ReadLimits(RequestFields fields, SocketRow? stored)
    {
        if (fields.Object(SocketOptionRules.LimitsKey) is not { } given)
        {
            return null;
        }

        RequireKnown(given, LimitKeys, "limits are");
        var old = stored is null ? new SocketLimitsConfiguration() : Limits(stored);
        var numbers = SocketOptionRules.Limits;
        return Stored(new SocketLimitsConfiguration
        {
            MaxStreams = Number(given, numbers[0], old.MaxStreams),
            MaxBytesPerSecond = Number(given, numbers[1], old.MaxBytesPerSecond),
            MaxOpensPerSecond = Number(given, numbers[2], old.MaxOpensPerSecond),
            IdleTimeoutSeconds = Number(given, numbers[3], old.IdleTimeoutSeconds),
            MaxAgeSeconds = Number(given, numbers[4], old.MaxAgeSeconds),
        });
    }

    /// <inheritdoc cref="ReadLimits"/>
    public static string? ReadUpstreamCheck(RequestFields fields, SocketRow? stored)
    {
        if (fields.Object(SocketOptionRules.UpstreamCheckKey) is not { } given)
        {
            return null;
        }

        RequireKnown(given, CheckKeys, "a check has");
        var old = stored is null ? UpstreamCheckConfiguration.Default : UpstreamCheck(stored);
        var numbers = SocketOptionRules.UpstreamCheck;
        return Stored(new UpstreamCheckConfiguration
        {
            Enabled = given.Flag("enabled") ?? old.IsEnabled() ? null : false,
            IntervalSeconds = Number(given, numbers[0], old.IntervalSeconds, UpstreamCheckConfiguration.DefaultIntervalSeconds),
            TimeoutSeconds = Number(given, numbers[1], old.TimeoutSeconds, UpstreamCheckConfiguration.DefaultTimeoutSeconds),
        });
    }

    /// <summary>Null when the request does not name it.</summary>
    /// <exception cref="ApiError">400.</exception>
    public static string? ReadProxyProtocol(RequestFields fields)
        => fields.Text(SocketOptionRules.UpstreamProxyProtocolKey, 100) is not { } given ? null
            : given is UpstreamProxyProtocol.None or UpstreamProxyProtocol.V2 ? given
            : throw ApiError.Invalid(
                $"{SocketOptionRules.UpstreamProxyProtocolKey}: there is no version \"{given}\"; write \"{UpstreamProxyProtocol.V2}\", or \"\" for none");

    private static int? Number(RequestFields given, (string Key, int Highest) number, int? old, int standard = 0)
    {
        if (given.Get(number.Key) is not { } value)
        {
            return old;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var wanted) && wanted >= 0 && wanted <= number.Highest
            ? wanted == 0 || wanted == standard ? null : wanted
            : throw ApiError.Invalid($"{given.PathOf(number.Key)}: {SocketOptionRules.Bounds(number.Highest)}, got {RequestFields.Show(value)}");
    }

    private static void RequireKnown(RequestFields given, ImmutableArray<string> known, string has)
    {
        foreach (var property in given.Element.EnumerateObject())
        {
            if (!known.Contains(property.Name) && !SocketRequestValidator.IsEmpty(property.Value))
            {
                throw ApiError.Invalid($"{given.PathOf(property.Name)}: nothing reads this key; {has} {string.Join(", ", known)}");
            }
        }
    }

    private static string Stored<T>(T options) => CanonicalJson.Write(JsonSerializer.SerializeToElement(options, WireJson.Options));
}
