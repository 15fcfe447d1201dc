using System.Buffers.Binary;
using Connector.Relay.Frames;

namespace Connector.Relay.Lanes;

/// <summary>
/// Proves that streams get through on one lane. Its frames stand in the same queues as those of a stream: the writer takes them in turn with
/// the streams' data, the other end's reader wakes the answering probe as it wakes a stream. Who asks is the edge; each question carries the
/// edge's own knowledge, so that the replica has the same lamp.
/// </summary>
internal sealed class PathProbe(Lane lane) : LaneSource
{
    /// <summary>Between two questions.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>A proof that is older says that streams do not get through.</summary>
    public static readonly TimeSpan ProvenWithin = TimeSpan.FromSeconds(3.5);

    /// <summary>A lane that is without proof for so long, while another one is proven, is given up: its streams go on over the other.</summary>
    public static readonly TimeSpan GivenUpAfter = TimeSpan.FromSeconds(10);

    private const int QuestionSize = 8 + 4;
    private const uint Never = uint.MaxValue;

    private readonly Lock gate = new();
    private byte[] question = [];
    private long asked;
    private TimeSpan? askedAt;
    private TimeSpan? provenAt;
    private bool questionDue;
    private bool questionCame;
    private bool answerDue;

    /// <summary>Edge: asks again when it is time.</summary>
    public void Ask(TimeSpan now)
    {
        lock (gate)
        {
            if (askedAt is { } last && now - last < Interval)
                return;
            askedAt = now;
            asked++;
            questionDue = true;
        }

        lane.Schedule(this);
    }

    /// <summary>Edge: streams got through, shown by an answer or by a stream's own progress.</summary>
    public void Proven(TimeSpan now)
    {
        lock (gate)
            provenAt = now;
    }

    /// <summary>Edge: an answer has come. One that was never asked proves nothing.</summary>
    public void Answered(ReadOnlySpan<byte> content, TimeSpan now)
    {
        lock (gate)
        {
            if (content.Length >= 8 && BinaryPrimitives.ReadInt64BigEndian(content) is var number && number > 0 && number <= asked)
                provenAt = now;
        }
    }

    /// <summary>Replica: a question has come. The newest counts; it is answered on the way that a stream's bytes take.</summary>
    public void Asked(ReadOnlySpan<byte> content, TimeSpan now)
    {
        lane.WakeLater(this);
        lock (gate)
        {
            question = content.ToArray();
            questionCame = true;
            if (content.Length < QuestionSize)
                return;
            var age = BinaryPrimitives.ReadUInt32BigEndian(content[8..]);
            provenAt = age == Never ? null : now - TimeSpan.FromMilliseconds(age);
        }
    }

    /// <summary>Since streams were last shown to get through; null when they never were.</summary>
    public TimeSpan? Age(TimeSpan now)
    {
        lock (gate)
            return now - provenAt;
    }

    internal override bool IsSmall => true;

    internal override void Wake()
    {
        lock (gate)
        {
            if (!questionCame)
                return;
            questionCame = false;
            answerDue = true;
        }

        lane.Schedule(this);
    }

    internal override bool WriteTo(Lane writer, Span<byte> batch, ref int position)
    {
        lock (gate)
        {
            if (!questionDue && !answerDue)
                return false;
            if (batch.Length - position < (2 * FrameLimits.HeaderSize) + QuestionSize + question.Length)
                return true;
            if (answerDue)
            {
                answerDue = false;
                new FrameHeader(FrameType.EchoReply, 0, question.Length).Write(batch[position..]);
                question.CopyTo(batch[(position + FrameLimits.HeaderSize)..]);
                position += FrameLimits.HeaderSize + question.Length;
            }

            if (questionDue)
            {
                questionDue = false;
                new FrameHeader(FrameType.Echo, 0, QuestionSize).Write(batch[position..]);
                BinaryPrimitives.WriteInt64BigEndian(batch[(position + FrameLimits.HeaderSize)..], asked);
                var age = writer.PathAge is { } known ? (uint)Math.Clamp(known.TotalMilliseconds, 0, Never - 1) : Never;
                BinaryPrimitives.WriteUInt32BigEndian(batch[(position + FrameLimits.HeaderSize + 8)..], age);
                position += FrameLimits.HeaderSize + QuestionSize;
            }

            return false;
        }
    }
}
