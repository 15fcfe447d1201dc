namespace Connector.Tests.Actors.Sockets;

/// <summary>What goes wrong with one socket.</summary>
public enum Fault
{
    None,
    HandlerThrows,
    StageThrows,
    HandlerBlocks,
    StageBlocks,
    DialHangs,
    PoisonConfiguration,
    BudgetExhausted,
}
