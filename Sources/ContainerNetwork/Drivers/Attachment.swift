internal import LinuxSys
internal import Netlink
public import WirePrimitives

/// A container that shall be joined to a network.
public struct AttachmentRequest: Hashable, Sendable {
    /// The container's id, 64 hexadecimal digits.
    public var containerID: String
    /// The container's name.
    public var containerName: String
    /// The network.
    public var network: NetworkDefinition
    /// The container's addresses, at most one a subnet.
    public var addresses: [IPAddress]
    /// The MAC of the container's end; the kernel's choice if nil.
    public var staticMAC: MACAddress?
    /// The name of the interface inside.
    public var interfaceName: InterfaceName
    /// The name of the host's end; the next free `vethN` if nil.
    public var hostInterfaceName: InterfaceName?
    /// The metric of the default route over this network; that of the network's options, else 100, if nil.
    public var defaultRouteMetric: UInt32?
    /// Published ports; nil and empty differ in the firewall's chains, as they do in netavark.
    public var ports: [PortMapping]?
    /// The file that keeps the container's network namespace.
    public var namespacePath: String

    /// A container to be joined to `network`.
    public init(
        containerID: String, containerName: String, network: NetworkDefinition, addresses: [IPAddress],
        staticMAC: MACAddress? = nil, interfaceName: InterfaceName = .eth0, ports: [PortMapping]? = nil,
        namespacePath: String
    ) {
        self.containerID = containerID
        self.containerName = containerName
        self.network = network
        self.addresses = addresses
        self.staticMAC = staticMAC
        self.interfaceName = interfaceName
        self.ports = ports
        self.namespacePath = namespacePath
    }

    /// The addresses with the prefixes of their subnets.
    func interfaceAddresses() throws(NetworkError) -> [InterfaceAddress] {
        if network.choosesAddresses, addresses.isEmpty {
            throw NetworkError(.invalid, "network \(network.name): no static ips provided")
        }
        var result: [InterfaceAddress] = []
        for address in addresses {
            guard let subnet = network.subnet(containing: address)?.subnet,
                let whole = InterfaceAddress(address, in: subnet)
            else {
                throw NetworkError(
                    .invalid, "requested static ip \(address) not in any subnet on network \(network.name)")
            }
            result.append(whole)
        }
        return result
    }
}

/// What must be written down before a container is joined to a network, so that it can be undone by name, by anybody,
/// at any time after.
public struct AttachmentRecord: Hashable, Sendable, Codable {
    /// The container's id.
    public var containerID: String
    /// The network's name.
    public var networkName: String
    /// The network's id.
    public var networkID: String
    /// The network's driver.
    public var driver: String
    /// The bridge; nil where there is none, or where it is not ours to remove.
    public var bridge: InterfaceName?
    /// The host's end of the pair; nil where the container's link has no end on the host.
    public var hostInterface: InterfaceName?
    /// That end's MAC, by which it is known to be this container's.
    public var hostMAC: MACAddress?
    /// The container's end.
    public var interfaceName: InterfaceName
    /// The file that keeps the container's network namespace.
    public var namespacePath: String
    /// The container's addresses.
    public var addresses: [InterfaceAddress]
    /// What a server on the wire gave; nil before that, and where addresses are chosen here.
    public var lease: WireLease?
    /// Whether a server is, or was, asked for an address.
    public var leasesAddress: Bool?
    /// Destinations of routes that lead nowhere, which do not end with the link.
    public var refusedRoutes: [CIDR]?
}

/// What a joined container has, for `inspect`.
public struct AttachmentStatus: Hashable, Sendable {
    /// What was written down.
    public var record: AttachmentRecord
    /// The MAC of the container's end.
    public var macAddress: MACAddress?
    /// The gateways of the subnets that the container has an address in, IPv4 first.
    public var gateways: [IPAddress]
    /// The steps that were done, in order.
    public var steps: [Step]
    /// How many ports of the bridge were set up before; nil where there is none.
    public var portsBefore: Int?

    /// Whether the network's bridge was not as the containers on it need it: it was made, set up, or given an address.
    public var hasMendedBridge: Bool {
        steps.contains { step in
            switch step {
            case .createBridge, .addAddress(.host, _, _): true
            case .setUp(.host, let name): name == record.bridge
            default: false
            }
        }
    }
}

/// Joins containers to networks and takes them off again. The caller holds the network's lock.
public enum Attachment {
    /// How many names of pairs may turn out to be taken by somebody who holds no lock of ours.
    private static let attempts = 16

    /// Joins a container to a network. When it fails, everything is as it was before.
    ///
    /// - Parameters:
    ///   - request: the container and the network.
    ///   - context: the host and the container's namespace.
    ///   - intend: is told what is about to be made, before it is, and writes it down. It is told again, with another
    ///     name, when a name turned out to be taken.
    /// - Returns: what the container has now.
    /// - Throws: `NetworkError`, or what `intend` throws.
    public static func attach(
        _ request: AttachmentRequest, in context: NetworkContext, intend: (AttachmentRecord) throws -> Void
    ) throws -> AttachmentStatus {
        switch request.network.driver {
        case "bridge": return try attachToBridge(request, in: context, intend: intend)
        case "macvlan", "ipvlan":
            let parent = try UpperDriver.parent(of: request.network, in: context.host)
            let steps = try UpperDriver.plan(request, parent: parent)
            let record = try record(request)
            try intend(record)
            try Plan.apply(steps, in: context)
            return try status(request, record, steps, in: context)
        case let other:
            throw NetworkError(.invalid, "network \(request.network.name): driver \"\(other)\" is not supported")
        }
    }

    private static func attachToBridge(
        _ request: AttachmentRequest, in context: NetworkContext, intend: (AttachmentRecord) throws -> Void
    ) throws -> AttachmentStatus {
        var host = try HostObservation.read(for: request.network, in: context)
        for _ in 0..<attempts {
            let steps = try BridgeDriver.plan(request, on: host)
            var record = try record(request)
            guard let pair = steps.pair else {
                throw NetworkError(.invalid, "network \(request.network.name): the plan has no link for the container")
            }
            record.bridge = try BridgeOptions(request.network).isManaged ? pair.bridge : nil
            record.hostInterface = pair.name
            record.hostMAC = pair.address
            try intend(record)
            do throws(NetworkError) {
                try Plan.apply(steps, in: context)
            } catch {
                guard error.errno == .fileExists, error.kind == .refused else { throw error }
                // Somebody who holds no lock of ours took the name of the pair or made the bridge.
                host = try HostObservation.read(for: request.network, in: context)
                host.takenNames.insert(pair.name.description)
                continue
            }
            var status = try status(request, record, steps, in: context)
            status.portsBefore = host.bridgePorts
            return status
        }
        throw NetworkError("find a free name for a veth pair", .fileExists)
    }

    private static func record(_ request: AttachmentRequest) throws(NetworkError) -> AttachmentRecord {
        AttachmentRecord(
            containerID: request.containerID, networkName: request.network.name, networkID: request.network.id,
            driver: request.network.driver, interfaceName: request.interfaceName,
            namespacePath: request.namespacePath, addresses: try request.interfaceAddresses(),
            leasesAddress: request.network.leasesAddresses ? true : nil,
            refusedRoutes: request.network.routes.compactMap { $0.kind == .unicast ? nil : $0.destination })
    }

    /// What the container has now. If that cannot be seen, the steps are undone.
    private static func status(
        _ request: AttachmentRequest, _ record: AttachmentRecord, _ steps: [Step], in context: NetworkContext
    ) throws(NetworkError) -> AttachmentStatus {
        let link: Link?
        do throws(NetlinkError) { link = try context.container?.session.link(request.interfaceName) } catch {
            // As in `Plan.apply`: the error is what matters, and the record lets others undo the rest.
            try? Plan.undo(steps, in: context)
            throw NetworkError(error)
        }
        let gateways = request.network.subnets.filter { subnet in
            record.addresses.contains { $0.network == subnet.subnet }
        }
        .compactMap(\.gateway)
        return AttachmentStatus(record: record, macAddress: link?.address, gateways: gateways.sorted(), steps: steps)
    }

    /// Takes a container off a network, from what was written down; it works when the container's namespace is gone,
    /// when only half was made, and again and again. The bridge goes with its last port.
    ///
    /// - Returns: whether the bridge is gone.
    /// - Throws: `NetworkErrors` with everything that went wrong, after everything has been tried.
    @discardableResult
    public static func detach(_ record: AttachmentRecord, in context: NetworkContext) throws(NetworkErrors) -> Bool {
        var errors: [NetworkError] = []
        func attempt(_ body: () throws(NetlinkError) -> Void) {
            do throws(NetlinkError) { try body() } catch { errors.append(NetworkError(error)) }
        }
        // What is inside goes with the namespace, unless that goes on to live.
        if let inside = context.container?.session {
            for destination in record.refusedRoutes ?? [] {
                for refusal in RouteRequest.Refusal.allCases {
                    attempt { () throws(NetlinkError) in try inside.unrefuse(destination, refusal) }
                }
            }
            if record.driver != "bridge" {
                attempt { () throws(NetlinkError) in try inside.deleteUpper(record.interfaceName, record.driver) }
            }
        }
        var isBridgeGone = false
        attempt { () throws(NetlinkError) in isBridgeGone = try context.host.deletePort(record) }
        guard errors.isEmpty else { throw NetworkErrors(errors: errors) }
        return isBridgeGone
    }
}

extension [Step] {
    /// The pair that joins the container to a bridge.
    var pair: Step.Pair? {
        for case .createPair(let pair) in self { return pair }
        return nil
    }
}

/// Doing and undoing lists of steps.
public enum Plan {
    /// Does the steps in order. When one fails, those done are undone, the last first, and the error is thrown.
    ///
    /// The step that failed is undone as well, as the kernel may have done it before its answer was lost; but not when
    /// the thing was there already, as it is somebody else's then.
    public static func apply(_ steps: [Step], in context: NetworkContext) throws(NetworkError) {
        for (index, step) in steps.enumerated() {
            do throws(NetworkError) {
                try step.apply(in: context)
            } catch {
                let done = error.errno == .fileExists ? steps[..<index] : steps[...index]
                // The reason for the failure is what matters; what cannot be undone now, the record lets others undo.
                try? undo(Array(done), in: context)
                throw error
            }
        }
    }

    /// Undoes the steps, the last first, and goes on after errors.
    ///
    /// - Throws: `NetworkErrors` with all of them.
    public static func undo(_ steps: [Step], in context: NetworkContext) throws(NetworkErrors) {
        var errors: [NetworkError] = []
        for step in steps.reversed() {
            do throws(NetworkError) { try step.undo(in: context) } catch { errors.append(error) }
        }
        if !errors.isEmpty { throw NetworkErrors(errors: errors) }
    }

    /// The steps as a person would type them, one command a line; `$NS` is the container's namespace.
    public static func text(_ steps: [Step]) -> String {
        steps.map { $0.command + "\n" }.joined()
    }
}
