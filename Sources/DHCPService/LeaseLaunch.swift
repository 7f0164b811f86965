internal import LinuxSys

/// The program `swiftlet-dns lease`, which a command starts with a socket that listens as descriptor 3.
public enum LeaseLaunch {
    /// Parses the arguments after `lease`, asks for a lease, writes what it says to standard output, and keeps it.
    public static func runAndExit(_ arguments: ArraySlice<String>) -> Never {
        StandardStream.ignoreBrokenPipes()
        do {
            let service = try LeaseService(try parse(arguments), control: ControlSocket(adopting: OwnedFD(adopting: 3)))
            guard let lease = try service.acquire() else { StandardStream.exitProcess(0) }
            // Whoever started it reads this, or is gone.
            try? StandardStream.write(1, lease.text)
            // A stream that stays open is only untidy.
            for descriptor: Int32 in 0...2 { try? StandardStream.discard(descriptor) }
            try service.keep()
            StandardStream.exitProcess(0)
        } catch let error as Errno where error == .timedOut {
            try? StandardStream.write(1, "error no DHCP server gave an address in time")  // as above
        } catch {
            try? StandardStream.write(1, "error \(error)")  // as above
        }
        StandardStream.exitProcess(1)
    }

    private static func parse(_ arguments: ArraySlice<String>) throws(Errno) -> LeaseService.Options {
        var options = LeaseService.Options()
        var rest = arguments
        while let word = rest.popFirst() {
            guard let value = rest.popFirst() else { throw .invalidArgument }
            switch word {
            case "--namespace": options.namespace = value
            case "--interface": options.interface = value
            case "--host-name": options.hostName = value
            case "--metric":
                guard let metric = UInt32(value) else { throw .invalidArgument }
                options.metric = metric
            case "--default-route": options.setsDefaultRoute = value == "yes"
            default: throw .invalidArgument
            }
        }
        return options
    }
}
