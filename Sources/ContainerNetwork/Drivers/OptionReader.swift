/// Reads the options of a network, which anybody may have written.
struct OptionReader {
    private let network: NetworkDefinition

    init(_ network: NetworkDefinition) {
        self.network = network
    }

    /// An option's value; nil when it is not given.
    ///
    /// - Throws: `NetworkError` that names the option when `parse` cannot read it.
    func value<Value>(_ key: String, _ parse: (String) -> Value?) throws(NetworkError) -> Value? {
        guard let text = network.options[key] else { return nil }
        guard let value = parse(text) else {
            throw NetworkError(
                .invalid, "network \(network.name): unable to parse \"\(key)\": \"\(text)\" is not a value for it")
        }
        return value
    }

    func number(_ key: String) throws(NetworkError) -> UInt32? { try value(key) { UInt32($0) } }

    func boolean(_ key: String) throws(NetworkError) -> Bool? { try value(key) { ["true": true, "false": false][$0] } }
}
