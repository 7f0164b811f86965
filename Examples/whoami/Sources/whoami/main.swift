// whoami: a web server that tells who answers. It replies to every request with the host's name, its
// addresses, the peer's address, and the request itself, so that one can see which container was
// reached, and how.
import Glibc

private let usage = """
    Usage: whoami [--port N]

    Answers every HTTP request with this host's name and addresses, the peer's
    address, and the request. Listens on all IPv6 and IPv4 addresses.

      --port N   the TCP port to listen on (default: 80)
      --help     this text

    """

/// The port that the command line names.
private func port(from arguments: some Collection<String>) -> UInt16 {
    var port: UInt16 = 80
    var rest = arguments.makeIterator()
    while let argument = rest.next() {
        switch argument {
        case "--help", "-h":
            print(usage, terminator: "")
            exit(0)
        case "--port":
            guard let text = rest.next(), let number = UInt16(text), number > 0 else {
                fail("--port needs a number from 1 to 65535", status: 2)
            }
            port = number
        default:
            fail("unknown argument \"\(argument)\"; see whoami --help", status: 2)
        }
    }
    return port
}

/// Says on standard error what is wrong, and ends the program.
private func fail(_ message: String, status: Int32 = 1) -> Never {
    let line = Array("whoami: \(message)\n".utf8)
    // Nothing is left to be done if even standard error is closed.
    _ = unsafe write(STDERR_FILENO, line, line.count)
    exit(status)
}

// As process 1 of a container, signals without a handler are ignored (pid_namespaces(7)): install one.
for number in [SIGTERM, SIGINT] {
    _ = signal(number) { _ in _exit(0) }
}

private let chosenPort = port(from: CommandLine.arguments.dropFirst())
do {
    try Server(port: chosenPort).run()
} catch {
    fail("\(error.operation) port \(chosenPort): \(error.reason)")
}
