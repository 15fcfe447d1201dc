using System.CommandLine;
using System.Net;
using System.Net.Sockets;

namespace Connector.Benchmarks.Load;

/// <summary><c>load-server</c>: the service behind every contender. Prints its port, ends when its input ends.</summary>
internal static class LoadServerCommand
{
    public static Command Create()
    {
        var command = new Command("load-server", "The measured service (started by compare).");
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(4096);
        var threads = new ReusedThreads();
        new Thread(() => Accept(listener, threads)) { IsBackground = true }.Start();
        Console.WriteLine(((IPEndPoint)listener.LocalEndPoint!).Port);

        // Whoever started us holds our input open; when it dies we must not stay behind.
        while (Console.Read() >= 0)
        {
        }

        return 0;
    }

    private static void Accept(Socket listener, ReusedThreads threads)
    {
        while (true)
        {
            var connection = listener.Accept();
            threads.Run(() => Serve(connection));
        }
    }

    private static void Serve(Socket connection)
    {
        using (connection)
        {
            connection.NoDelay = true;
            try
            {
                var request = new byte[LoadProtocol.RequestLength];
                if (connection.Receive(request, 0, 1, SocketFlags.None) == 0)
                {
                    return;
                }

                switch (request[0])
                {
                    case LoadProtocol.Download:
                        Transfers.Send(connection, Transfers.ReadLength(connection, request));
                        WaitForEnd(connection);
                        break;
                    case LoadProtocol.Upload:
                        Transfers.Receive(connection, Transfers.ReadLength(connection, request));
                        connection.Send(request.AsSpan(0, 1));
                        WaitForEnd(connection);
                        break;
                    case LoadProtocol.Echo:
                        Echo(connection, request);
                        break;
                }
            }
            catch (SocketException)
            {
                // A client that goes away is not an error.
            }
        }
    }

    private static void Echo(Socket connection, byte[] request)
    {
        connection.Send(request.AsSpan(0, 1));

        // Small on purpose: a thousand idle connections hold one each.
        var buffer = new byte[1024];
        int count;
        while ((count = connection.Receive(buffer)) > 0)
        {
            connection.Send(buffer.AsSpan(0, count));
        }
    }

    private static void WaitForEnd(Socket connection)
    {
        var rest = new byte[1];
        while (connection.Receive(rest) > 0)
        {
        }
    }
}
