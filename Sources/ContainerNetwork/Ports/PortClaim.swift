internal import LinuxSys
internal import WirePrimitives

/// The host's ports of one container, bound so that nobody else takes them.
///
/// They are free again when this object goes and every process that was given a copy of a descriptor (conmon, which
/// holds them while the container lives) has ended.
public final class PortClaim: Sendable {
    /// The mappings, with every port chosen.
    public let mappings: [PortMapping]
    /// The open sockets, one a port, to be handed to the process that holds them; close-on-exec.
    public let descriptors: [Int32]

    /// How often a whole range of free ports is looked for.
    private static let attempts = 32

    /// Binds every host port of the mappings, choosing those that are 0. All, or none.
    ///
    /// What the kernel cannot reserve (SCTP without its module) is left out; the rules do not need it.
    ///
    /// - Throws: `NetworkError` of kind `conflict`, in Podman's words and with who holds the port.
    public init(_ mappings: [PortMapping]) throws(NetworkError) {
        let sockets = Sockets()
        var chosen: [PortMapping] = []
        for mapping in mappings {
            var mapping = mapping
            if mapping.hostPort == 0 {
                mapping.hostPort = try Self.chooseAndBind(mapping, sockets)
            } else {
                for offset in 0..<mapping.range {
                    try Self.bind(mapping, mapping.hostPort + offset, sockets)
                }
            }
            chosen.append(mapping)
        }
        self.mappings = chosen
        descriptors = sockets.takeAll()
    }

    deinit {
        for raw in descriptors { _ = OwnedFD(adopting: raw) }
    }

    /// Descriptors that are closed when an error leaves the function that collects them.
    private final class Sockets {
        private var numbers: [Int32] = []

        func append(_ reservation: consuming PortReservation) {
            let socket = reservation.release()
            numbers.append(socket.release())
        }

        func append(_ more: [Int32]) { numbers += more }

        func takeAll() -> [Int32] {
            defer { numbers = [] }
            return numbers
        }

        deinit {
            for raw in numbers { _ = OwnedFD(adopting: raw) }
        }
    }

    private static func bind(
        _ mapping: PortMapping, _ port: UInt16, _ sockets: Sockets
    ) throws(NetworkError) {
        do throws(Errno) {
            sockets.append(try socket(mapping, port))
        } catch {
            if mapping.protocol == .sctp, [.protocolNotSupported, .socketTypeNotSupported].contains(error) { return }
            throw refusal(mapping, port, error)
        }
    }

    private static func socket(_ mapping: PortMapping, _ port: UInt16) throws(Errno) -> PortReservation {
        let address = (mapping.hostIP ?? .v4(.any)).bytes
        do throws(Errno) {
            return try PortReservation(mapping.protocol.transport, address: address, port: port)
        } catch {
            // Connections that ended a minute ago keep their port (TIME_WAIT) although nobody has it: a listener may.
            guard error == .addressInUse, mapping.protocol == .tcp,
                PortHolder.find(mapping.protocol, port: port) == nil
            else { throw error }
            return try PortReservation(
                mapping.protocol.transport, address: address, port: port, reuseAddress: true)
        }
    }

    /// A free port, or the first of as many consecutive ones as the mapping wants.
    private static func chooseAndBind(
        _ mapping: PortMapping, _ sockets: Sockets
    ) throws(NetworkError) -> UInt16 {
        var last = Errno.addressInUse
        for _ in 0..<attempts {
            let found = Sockets()
            do throws(Errno) {
                let first = try socket(mapping, 0)
                let port = first.port
                found.append(first)
                guard Int(port) + Int(mapping.range) - 1 <= 65535 else { continue }
                for offset in 1..<max(1, mapping.range) {
                    found.append(try socket(mapping, port + offset))
                }
                sockets.append(found.takeAll())
                return port
            } catch {
                last = error
                guard error == .addressInUse else { break }
            }
        }
        if mapping.protocol == .sctp, [.protocolNotSupported, .socketTypeNotSupported].contains(last) {
            throw NetworkError(.invalid, "a free SCTP port cannot be found: the kernel has no SCTP; name the host port")
        }
        throw refusal(mapping, 0, last)
    }

    private static func refusal(_ mapping: PortMapping, _ port: UInt16, _ errno: Errno) -> NetworkError {
        let family = mapping.hostIP?.family == .ipv6 ? "6" : "4"
        let name = mapping.protocol.rawValue
        var message =
            "cannot listen on the \(name.uppercased()) port: listen \(name)\(family) "
            + "\(mapping.hostIP?.bracketed ?? ""):\(port): bind: \(goText(errno))"
        if errno == .addressInUse, let holder = PortHolder.find(mapping.protocol, port: port) {
            message += ": \(holder) has it"
        }
        return NetworkError(errno == .addressInUse ? .conflict : .refused, message, errno: errno)
    }

    /// The kernel's error as Go prints it.
    private static func goText(_ errno: Errno) -> String {
        switch errno {
        case .addressInUse: "address already in use"
        case .addressNotAvailable: "cannot assign requested address"
        case .permissionDenied: "permission denied"
        default: "\(errno)".lowercased()
        }
    }
}

extension PortProtocol {
    fileprivate var transport: PortReservation.Transport {
        switch self {
        case .tcp: .tcp
        case .udp: .udp
        case .sctp: .sctp
        }
    }
}
