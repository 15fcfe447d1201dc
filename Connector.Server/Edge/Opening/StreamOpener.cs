using Connector.Relay.Frames;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Server.Edge.Links;
using Connector.Server.Feed;

namespace Connector.Server.Edge.Opening;

/// <summary>
/// Gets one client a stream of its socket: offers it to the links that <see cref="StreamRace"/> says, when it says, and hands back the one that
/// won. Every other offer has ended or was reset by then. One instance per client.
/// </summary>
internal sealed class StreamOpener(LinkTable links, EdgeLimits limits, TimeProvider time, SocketMemory memory, EdgeSocket socket)
{
    private readonly List<StreamOffer> offers = new(StreamRace.MostOffers);
    private readonly List<Task> waiting = new((2 * StreamRace.MostAtOnce) + 3);
    private StreamRace race = new(socket.Hedge);
    private readonly long began = time.GetTimestamp();
    private StreamOffer? failed;
    private OfferEnd? latestEnd;
    private Clock hedge;
    private Clock pause;

    /// <param name="givenUp">The deadline for all of it, and the client's leaving.</param>
    public async Task<OpenResult> OpenAsync(OpenRequest request, CancellationToken givenUp)
    {
        var result = await RaceAsync(request, givenUp).ConfigureAwait(false);
        if (result is OpenResult.Opened opened && ServeAuthorization.Decide(links.Tables, opened.Link.ConnectorId, socket.Id) != ServeCode.Accepted)
        {
            // The socket was taken from this connector while the replica dialled.
            opened.Stream.Reset(ResetCode.Policy);
            result = new OpenResult.Failed(opened.Link, "no_right", $"replica {opened.Link.ReplicaId} may not serve the socket any more", "");
        }

        return result;
    }

    private async Task<OpenResult> RaceAsync(OpenRequest request, CancellationToken givenUp)
    {
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = givenUp.UnsafeRegister(static over => ((TaskCompletionSource)over!).TrySetResult(), over).ConfigureAwait(false);
        try
        {
            RaceInput input = new RaceInput.Start();
            while (true)
            {
                if (input is RaceInput.GivenUp)
                {
                    NoteUnanswered();
                }

                if (Carry(input, request) is { } result)
                {
                    return input is RaceInput.GivenUp ? TimedOut() : result;
                }

                input = await NextAsync(over.Task).ConfigureAwait(false);
            }
        }
        catch
        {
            // Ours; the client gets nothing, so nobody else may either.
            offers.ForEach(static offer => offer.Reset());
            throw;
        }
        finally
        {
            hedge.Stop();
            pause.Stop();
        }
    }

    private async Task<RaceInput> NextAsync(Task givenUp)
    {
        while (true)
        {
            if (Hear() is { } heard)
            {
                return heard;
            }

            if (givenUp.IsCompleted)
            {
                return new RaceInput.GivenUp();
            }

            waiting.Clear();
            waiting.Add(givenUp);
            offers.ForEach(offer => offer.AddPending(waiting));
            hedge.AddPending(waiting);
            pause.AddPending(waiting);
            await Task.WhenAny(waiting).ConfigureAwait(false);
        }
    }

    private RaceInput? Hear()
    {
        for (var number = 0; number < offers.Count; number++)
        {
            if (offers[number].Hear(number) is { } heard)
            {
                if (heard is RaceInput.Ended ended)
                {
                    Note(offers[number], ended.End);
                }

                return heard;
            }
        }

        return hedge.TryTake() ? new RaceInput.HedgeDue() : pause.TryTake() ? new RaceInput.PauseOver() : null;
    }

    /// <summary>Carries out what follows of an input. Not null when that was the end.</summary>
    private OpenResult? Carry(RaceInput input, OpenRequest request)
    {
        for (RaceInput? next = input; next is not null;)
        {
            var effects = new List<RaceEffect>(3);
            race = race.Next(next, effects);
            next = null;
            foreach (var effect in effects)
            {
                switch (effect)
                {
                    case RaceEffect.OfferToAnother:
                        next = Offer(request, links.Choose(socket, [.. offers.Select(static offer => offer.Link)]));
                        break;
                    case RaceEffect.OfferAgain again:
                        var link = offers[again.Offer].Link;
                        next = Offer(request, links.Contains(link) && link.Link.Serves(socket.Id) ? link : null);
                        break;
                    case RaceEffect.Reset reset:
                        offers[reset.Offer].Reset();
                        break;
                    case RaceEffect.StartHedgeClock:
                        hedge.Start(limits.HedgeAfter, time);
                        break;
                    case RaceEffect.Pause:
                        pause.Start(limits.StaleRetryPause, time);
                        break;
                    case RaceEffect.Win win:
                        return Won(offers[win.Offer]);
                    case RaceEffect.Fail:
                        return Failure();
                }
            }
        }

        return null;
    }

    private RaceInput Offer(OpenRequest request, AdmittedLink? link)
    {
        if (link is null)
        {
            return new RaceInput.NoLink();
        }

        var isHedge = race.Live > 0;
        if (isHedge)
        {
            OpenMetrics.Hedged(socket.Id);
        }
        else if (latestEnd == OfferEnd.Stale)
        {
            OpenMetrics.StaleRetried(socket.Id);
        }

        offers.Add(new StreamOffer(link, link.Link.BeginOpen(request, memory), isHedge));
        return new RaceInput.Offered();
    }

    private void Note(StreamOffer offer, OfferEnd end)
    {
        (failed, latestEnd) = (offer, end);
        if (end is OfferEnd.Upstream or OfferEnd.Lost)
        {
            links.Failures.Failed(offer.Link, socket.Id);
        }
    }

    private void NoteUnanswered()
    {
        // Given up before the deadline, it says nothing of the replicas.
        if (time.GetElapsedTime(began) < limits.OpenDeadline)
        {
            return;
        }

        for (var number = 0; number < offers.Count; number++)
        {
            if (race[number] is OfferState.Waiting or OfferState.Accepted)
            {
                links.Failures.Failed(offers[number].Link, socket.Id);
            }
        }
    }

    private OpenResult.Opened Won(StreamOffer offer)
    {
        links.Failures.Succeeded(offer.Link, socket.Id);
        if (offer.IsHedge)
        {
            OpenMetrics.HedgeWon(socket.Id);
        }

        return new OpenResult.Opened(offer.Link, offer.Stream);
    }

    private OpenResult.Failed Failure()
    {
        if (failed is null)
        {
            return links.IsDraining(socket)
                ? new(null, "draining", "every replica that could serve it is draining and takes no new streams", "")
                : new(null, "no_replica", "no replica is linked to this edge that serves the socket; check that a connector runs and has it", "");
        }

        var last = failed.Describe();
        return latestEnd switch
        {
            OfferEnd.Final => last,
            OfferEnd.Upstream => offers.Count == 1 ? last : last with { Reason = $"{last.Reason}, as did {Others(failed)} before it" },
            _ => last with { Reason = $"{last.Reason}, and no other replica took it" },
        };
    }

    private string Others(StreamOffer last) => string.Join(" and ", offers.Where(offer => offer != last).Select(offer => $"replica {offer.Link.ReplicaId}").Distinct());

    private OpenResult.Failed TimedOut()
    {
        var silent = offers.Count == 0 ? null : offers[^1];
        return new(
            silent?.Link,
            "timeout",
            silent is null ? $"no replica took it within {limits.OpenDeadline.TotalSeconds:0} s"
                : $"replica {string.Join(" and replica ", offers.Select(static offer => offer.Link.ReplicaId.Value).Distinct())} gave no answer within {limits.OpenDeadline.TotalSeconds:0} s",
            "");
    }

    /// <summary>A wait that can be started anew; only the latest counts.</summary>
    private struct Clock
    {
        private CancellationTokenSource? stop;
        private Task? due;

        public void Start(TimeSpan wait, TimeProvider time)
        {
            Stop();
            stop = new CancellationTokenSource();
            due = Task.Delay(wait, time, stop.Token);
        }

        public readonly void AddPending(List<Task> tasks)
        {
            if (due is not null)
            {
                tasks.Add(due);
            }
        }

        public bool TryTake()
        {
            if (due is not { IsCompleted: true })
            {
                return false;
            }

            Stop();
            return true;
        }

        public void Stop()
        {
            stop?.Cancel();
            stop?.Dispose();
            stop = null;
            due = null;
        }
    }
}
