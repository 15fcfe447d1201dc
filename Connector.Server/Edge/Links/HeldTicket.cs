using Connector.Protocol;
using Connector.Protocol.Tokens;

namespace Connector.Server.Edge.Links;

/// <summary>A verified ticket, kept so that it can be verified again when the keys change.</summary>
internal sealed record HeldTicket(Secret Text, TicketClaims Claims);
