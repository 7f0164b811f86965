/// `--network`: where a container's network comes from.
public enum NetworkMode: Sendable, Hashable {
    /// A namespace of its own, attached to these networks.
    case bridge([String])
    /// A namespace of its own with nothing but `lo`.
    case none
    /// The host's namespace.
    case host
    /// The namespace of another container, by full id.
    case container(String)
    /// The namespace at a path.
    case namespace(String)

    /// Whether the container has a namespace of its own that is attached to networks, if only later.
    var isBridge: Bool { if case .bridge = self { true } else { false } }

    /// As Podman's `HostConfig.NetworkMode` says it.
    public var name: String {
        switch self {
        case .bridge: "bridge"
        case .none: "none"
        case .host: "host"
        case .container(let id): "container:\(id)"
        case .namespace(let path): "ns:\(path)"
        }
    }
}

/// As `{"bridge": {"_0": ["podman"]}}`. The compiler's own form of that looks up seven types, a tenth of a short command.
extension NetworkMode: Codable {
    private enum Key: String, CodingKey {
        case bridge, none, host, container, namespace
        case value = "_0"
    }

    /// Reads the mode.
    ///
    /// - Throws: `DecodingError` when it is none of them.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        guard let key = container.allKeys.first else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "no network mode"))
        }
        func value<Value: Decodable>() throws -> Value {
            try container.nestedContainer(keyedBy: Key.self, forKey: key).decode(Value.self, forKey: .value)
        }
        switch key {
        case .bridge: self = .bridge(try value())
        case .none: self = .none
        case .host: self = .host
        case .container: self = .container(try value())
        case .namespace: self = .namespace(try value())
        case .value:
            throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "no network mode")
        }
    }

    /// Writes the mode.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        func nested(_ key: Key) -> KeyedEncodingContainer<Key> {
            container.nestedContainer(keyedBy: Key.self, forKey: key)
        }
        switch self {
        case .bridge(let networks):
            var nested = nested(.bridge)
            try nested.encode(networks, forKey: .value)
        case .none: _ = nested(.none)
        case .host: _ = nested(.host)
        case .container(let id):
            var nested = nested(.container)
            try nested.encode(id, forKey: .value)
        case .namespace(let path):
            var nested = nested(.namespace)
            try nested.encode(path, forKey: .value)
        }
    }
}
