internal import LinuxSys

/// The program `swiftlet-dns`.
public enum Launch {
    private static let usage = """
        Usage: swiftlet-dns --config DIRECTORY [--port PORT] run

        Answers names of containers. DIRECTORY holds a file a network, in aardvark-dns' format; the addresses in
        their first lines are listened at. A process that connects to DIRECTORY/.control (SOCK_SEQPACKET) is sent "ok"
        once the files are in effect as they are then. The server goes when no file is left.

          -c, --config DIRECTORY   the networks' files
          -p, --port PORT          where to listen (default: 53)
        """

    private enum Problem: Error {
        case usage(String)
    }

    /// Parses the process's arguments and serves.
    public static func runAndExit() -> Never {
        StandardStream.ignoreBrokenPipes()
        do {
            let (directory, port) = try parse(CommandLine.arguments.dropFirst())
            try Service(directory: directory, port: port).run { word in
                // Whoever started the server reads this, or is gone.
                try? StandardStream.write(1, word)
                // A stream that stays open is only untidy.
                for descriptor: Int32 in 0...2 { try? StandardStream.discard(descriptor) }
            }
            StandardStream.exitProcess(0)
        } catch Problem.usage(let message) {
            // Nobody is left to tell when the stream itself is closed.
            try? StandardStream.write(2, message.isEmpty ? usage + "\n" : "Error: \(message)\n\n\(usage)\n")
            StandardStream.exitProcess(message.isEmpty ? 0 : 2)
        } catch {
            try? StandardStream.write(1, "\(error)")  // as above
            StandardStream.exitProcess(1)
        }
    }

    private static func parse(_ arguments: ArraySlice<String>) throws -> (directory: String, port: UInt16) {
        var directory: String?
        var port: UInt16 = 53
        var rest = arguments
        while let word = rest.popFirst() {
            switch word {
            case "-h", "--help": throw Problem.usage("")
            case "-c", "--config": directory = rest.popFirst()
            case "-p", "--port":
                guard let number = rest.popFirst().flatMap({ UInt16($0) }), number > 0 else {
                    throw Problem.usage("--port needs a number from 1 to 65535")
                }
                port = number
            case "run": continue
            default: throw Problem.usage("unknown argument \(word)")
            }
        }
        guard let directory else { throw Problem.usage("--config is missing") }
        return (directory, port)
    }
}
