internal import LinuxSys
internal import Netlink
internal import WirePrimitives

/// Whether what a step made is still there.
public enum Finding: Hashable, Sendable {
    /// It is as the step made it.
    case holds
    /// It is gone, or was never made.
    case missing
    /// Something is there, but not as the step made it: what is seen instead.
    case differs(String)
}

extension Step {
    /// Looks whether what the step makes is there.
    ///
    /// - Throws: `NetworkError` when that cannot be seen.
    public func finding(in context: NetworkContext) throws(NetworkError) -> Finding {
        do {
            switch self {
            case .setUp(let place, let name):
                guard let link = try context.session(place).link(name) else { return .missing }
                return link.isUp ? .holds : .differs("\(name) is down")
            case .setSysctls(let place, let sysctls):
                return try finding(sysctls, try context.sysctls(place))
            case .createBridge(let bridge):
                return Self.finding(try context.host.link(bridge.name), "bridge")
            case .createUpper(let upper):
                return Self.finding(try context.session(.container).link(upper.name), upper.kind.kind)
            case .refuseRoute(let destination, _, _):
                let routes = try context.session(.container).routes(destination.family)
                return routes.contains { $0.destination == destination && $0.gateway == nil } ? .holds : .missing
            case .addAddress(let place, let name, let address):
                let session = try context.session(place)
                guard let link = try session.link(name) else { return .missing }
                return try session.addresses(of: link.index).contains(address) ? .holds : .missing
            case .createPair(let pair):
                return try finding(pair, in: context)
            case .setHairpin(let name), .isolatePort(let name), .setVLAN(let name, _):
                return try context.host.link(name) == nil ? .missing : .holds
            case .addRoute(let name, let destination, let gateway, let metric):
                let session = try context.session(.container)
                guard let link = try session.link(name) else { return .missing }
                let there = try session.routes(gateway.family).contains {
                    $0.destination == destination && $0.gateway == gateway && $0.link == link.index
                        && (metric == nil || $0.metric == metric)
                }
                return there ? .holds : .missing
            }
        } catch {
            throw NetworkError("look for: \(command)", any: error)
        }
    }

    /// Whether it holds; an error counts as no.
    public func holds(in context: NetworkContext) -> Bool {
        // A caller that wants to know why asks for the finding.
        (try? finding(in: context)) == .holds
    }

    private static func finding(_ link: Link?, _ kind: String) -> Finding {
        guard let link else { return .missing }
        return link.kind == kind ? .holds : .differs("\(link.name) is a \(link.kind ?? "physical") interface")
    }

    private func finding(_ sysctls: [Sysctl], _ access: any SysctlAccess) throws -> Finding {
        for (sysctl, value) in zip(sysctls, try access.read(sysctls.map(\.path))) {
            guard let value else {
                if sysctl.isOptional { continue }
                return .missing
            }
            if value != sysctl.value { return .differs("\(sysctl.path) is \(value), not \(sysctl.value)") }
        }
        return .holds
    }

    private func finding(_ pair: Pair, in context: NetworkContext) throws -> Finding {
        guard let end = try context.host.link(pair.name), end.address == pair.address else { return .missing }
        guard let bridge = try context.host.link(pair.bridge), end.master == bridge.index else {
            return .differs("\(pair.name) is not a port of \(pair.bridge)")
        }
        guard try context.session(.container).link(pair.peerName) != nil else {
            return .differs("\(pair.peerName) is not in the container")
        }
        return .holds
    }
}
