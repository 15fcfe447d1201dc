namespace Connector.Protocol.Tokens;

/// <summary>Reads a ticket's claims without verifying it: a replica has no key to verify with, edges do that.</summary>
public static class TicketReader
{
    /// <exception cref="FormatException">Not a ticket; the message says what is wrong and never contains it.</exception>
    public static TicketClaims Read(Secret ticket) => ClaimReader.Ticket(CompactToken.Decode(ticket.Reveal()).Payload);
}
