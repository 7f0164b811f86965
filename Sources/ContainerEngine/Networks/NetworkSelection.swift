internal import ContainerNetwork
internal import LinuxSys
internal import WirePrimitives

/// What the options of `run` and `create` say about a container's network, once it is looked up.
struct NetworkSelection {
    /// Where the network comes from.
    var mode: NetworkMode
    /// What the container wants of each network; every one has an interface name.
    var options: [String: NetworkAttachmentOptions] = [:]
}

extension Engine {
    /// What `--network`, `--ip`, `--ip6`, `--mac-address` and `--network-alias` mean together.
    ///
    /// - Throws: `EngineError`, in Podman's words, naming a mode, container or network that there is not, or an option
    ///   that does not fit the mode.
    func networkSelection(_ request: CreateRequest) throws -> NetworkSelection {
        let first = try request.networks.first ?? configuration().networkMode
        guard let single = try modeWithoutNetworks(first) else {
            return try selection(ofNetworks: request)
        }
        if request.networks.count > 1 { throw Self.conflict(single) }
        if let option = request.networkOptions.first {
            throw EngineError(
                "--\(option.flag) can only be set when the network mode is bridge: invalid argument")
        }
        return NetworkSelection(mode: single)
    }

    private static func conflict(_ mode: NetworkMode) -> EngineError {
        EngineError(
            "can only set extra network names, selected mode \(mode.name) conflicts with bridge: invalid argument")
    }

    /// The mode that a text names, if it is none that attaches networks.
    private func modeWithoutNetworks(_ text: String?) throws -> NetworkMode? {
        switch text {
        case nil: return nil
        case "none": return NetworkMode.none
        case "host": return .host
        case let text? where text.hasPrefix("container:"):
            return .container(try store.container(String(text.dropFirst(10))).id)
        case let text? where text.hasPrefix("ns:"):
            let path = String(text.dropFirst(3))
            guard path.hasPrefix("/"), File.exists(path) else {
                throw EngineError(
                    "--network \(text): no network namespace at \"\(path)\": give the path of one, such as /run/netns/NAME"
                )
            }
            return .namespace(path)
        case let text? where ["slirp4netns", "pasta"].contains(where: text.hasPrefix):
            throw EngineError(
                "--network \(text) is for containers of users other than root, which are not supported yet")
        default: return nil
        }
    }

    private func selection(ofNetworks request: CreateRequest) throws -> NetworkSelection {
        var names: [String] = []
        var options: [String: NetworkAttachmentOptions] = [:]
        for text in request.networks.isEmpty ? [try configuration().networkMode ?? ""] : request.networks {
            for (name, own) in try networks(in: text) where options.updateValue(own, forKey: name) == nil {
                names.append(name)
            }
        }
        for option in request.networkOptions {
            guard option.isForEveryNetwork || names.count == 1 else {
                throw EngineError("--\(option.flag) can only be set for a single network: invalid argument")
            }
            for name in names { try options[name]?.set(option.key, option.value) }
        }
        try nameInterfaces(names, &options)
        return NetworkSelection(mode: .bridge(names), options: options)
    }

    /// The networks that one `--network` names: `NAME`, `NAME,NAME`, or `NAME:OPTION=VALUE,…`.
    private func networks(in text: String) throws -> [(String, NetworkAttachmentOptions)] {
        func name(_ text: Substring) throws -> String {
            if ["", "bridge", "private", "default"].contains(text) { return try defaultNetworkName }
            if let other = try modeWithoutNetworks(String(text)) { throw Self.conflict(other) }
            return try networkFiles.find(String(text)).name
        }
        guard let colon = text.firstIndex(of: ":") else {
            if text.isEmpty { return [(try name(""), NetworkAttachmentOptions())] }
            let words = text.split(separator: ",")
            // Of several, each is a network's name, and none is a mode.
            if words.count > 1 {
                return try words.map { (try networkFiles.find(String($0)).name, NetworkAttachmentOptions()) }
            }
            return try words.map { (try name($0), NetworkAttachmentOptions()) }
        }
        let network = text[..<colon]
        var options = NetworkAttachmentOptions()
        for word in text[colon...].dropFirst().split(separator: ",") {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            do { try options.set(parts[0], parts.count > 1 ? parts[1] : "") } catch let error as EngineError {
                throw EngineError("invalid option for network \(network): \(error.message)")
            }
        }
        return [(try name(network), options)]
    }

    /// Gives every interface inside a name of its own, so that a container has the same ones at every start.
    private func nameInterfaces(_ names: [String], _ options: inout [String: NetworkAttachmentOptions]) throws {
        var taken: Set<InterfaceName> = []
        for name in names {
            guard let wanted = options[name]?.interfaceName else { continue }
            guard taken.insert(wanted).inserted else {
                throw EngineError("interface name \(wanted) is asked for on two networks: give each its own")
            }
        }
        for name in names where options[name]?.interfaceName == nil {
            let free = InterfaceName.firstFree(besides: taken)
            taken.insert(free)
            options[name]?.interfaceName = free
        }
    }
}

extension InterfaceName {
    /// The lowest of `eth0`, `eth1`, … that is not taken.
    static func firstFree(besides taken: Set<InterfaceName>) -> InterfaceName {
        (0...UInt32(taken.count)).lazy.compactMap { InterfaceName("eth\($0)") }.first { !taken.contains($0) } ?? .eth0
    }
}

extension ContainerSpec {
    /// What the container wants of one of its networks.
    func options(of network: String) -> NetworkAttachmentOptions {
        networkOptions?[network] ?? NetworkAttachmentOptions()
    }

    /// The names by which other containers on a network find this one: its name, aliases, id, and host name.
    func names(on network: String) -> [String] {
        var names = [name]
        for other in aliases(on: network) + [hostname] where !names.contains(other) { names.append(other) }
        return names
    }

    /// The names on a network besides name and host name: those asked for, and the short id.
    public func aliases(on network: String) -> [String] {
        options(of: network).aliases + [String(id.prefix(12))]
    }

    /// The networks with what the container wants of them, the one that its default route leads over first.
    func routeOrder(_ names: [String]) -> [String] {
        names.enumerated().sorted { left, right in
            let (first, second) = (priority(left.element), priority(right.element))
            return first == second ? left.offset < right.offset : first > second
        }.map(\.element)
    }

    private func priority(_ network: String) -> Int { options(of: network).gatewayPriority ?? 0 }
}
