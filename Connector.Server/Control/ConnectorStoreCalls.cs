using Akka.Actor;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Control;

/// <summary>The store calls of one connector's entity: each has a deadline, and each ends in a message that says how it went. None throws.</summary>
internal sealed class ConnectorStoreCalls(
    IControlStore store, ConnectorId connectorId, TimeSpan limit, TimeProvider time, ILogger logger, CancellationToken stopped)
{
    public async Task<TokenChecked> CheckTokenAsync(Claim claim)
    {
        try
        {
            var standing = await BoundedAsync(token => store.CheckTokenAsync(connectorId, claim.TokenId, token)).ConfigureAwait(false);
            return new TokenChecked(claim.StreamId, standing, null);
        }
        catch (Exception exception)
        {
            logger.LogTokenCheckFailed(connectorId, exception.Message);
            return new TokenChecked(claim.StreamId, TokenStanding.UnknownToken, exception);
        }
    }

    public async Task<EpochResult> RaiseEpochAsync(SessionEffect.RaiseEpoch raise)
    {
        try
        {
            var expected = raise.Expected ?? await BoundedAsync(token => store.ReadEpochAsync(connectorId, token)).ConfigureAwait(false);
            return new EpochResult(raise.Attempt, await BoundedAsync(token => store.RaiseEpochAsync(connectorId, expected, token)).ConfigureAwait(false), null);
        }
        catch (StaleEpochException exception)
        {
            return new EpochResult(raise.Attempt, null, exception.Stored);
        }
        catch (Exception exception)
        {
            logger.LogEpochFailed(connectorId, exception.Message);
            return new EpochResult(raise.Attempt, null, null);
        }
    }

    public async Task<DesiredStateRead> ReadDesiredStateAsync(long attempt)
    {
        try
        {
            return new DesiredStateRead(
                attempt, await BoundedAsync(token => store.ReadDesiredStateAsync(connectorId, token)).ConfigureAwait(false), null);
        }
        catch (Exception exception)
        {
            return new DesiredStateRead(attempt, null, exception);
        }
    }

    public async Task<EpochRead> ReadEpochAsync()
    {
        try
        {
            return new EpochRead(await BoundedAsync(token => store.ReadEpochAsync(connectorId, token)).ConfigureAwait(false), null);
        }
        catch (Exception exception)
        {
            return new EpochRead(null, exception);
        }
    }

    private async Task<T> BoundedAsync<T>(Func<CancellationToken, Task<T>> call)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stopped);
        return await call(either.Token).WaitAsync(either.Token).ConfigureAwait(false);
    }

    internal sealed record TokenChecked(long StreamId, TokenStanding Standing, Exception? Failure) : INoSerializationVerificationNeeded;

    internal sealed record EpochResult(long Attempt, SessionEpoch? Raised, SessionEpoch? Stored) : INoSerializationVerificationNeeded;

    internal sealed record EpochRead(SessionEpoch? Epoch, Exception? Failure) : INoSerializationVerificationNeeded;

    internal sealed record DesiredStateRead(long Attempt, ConnectorDesiredState? State, Exception? Failure) : INoSerializationVerificationNeeded;
}
