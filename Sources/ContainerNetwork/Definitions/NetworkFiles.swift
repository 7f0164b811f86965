internal import FoundationEssentials
internal import LinuxSys
internal import WirePrimitives

/// The networks that are defined on this host: one file each, and the default one that needs no file.
public struct NetworkFiles: Sendable {
    /// Where the files are: `/etc/containers/networks` for root.
    public let directory: String
    /// The network that containers get when none is named, unless a file defines it otherwise.
    public let defaultNetwork: NetworkDefinition

    /// The definitions in `directory`.
    public init(directory: String, defaultNetwork: NetworkDefinition = .podmanDefault) {
        self.directory = directory
        self.defaultNetwork = defaultNetwork
    }

    /// What was read: networks by name, and why files were passed over.
    public struct Contents: Sendable {
        /// Every network, by name.
        public var networks: [NetworkDefinition]
        /// One sentence a file that was passed over, as Podman words it.
        public var warnings: [String]
    }

    /// Reads every file. A file that is wrong is passed over with a warning and hides no other.
    ///
    /// - Throws: `NetworkError` when the directory cannot be read; one that is not there has no files.
    public func load() throws(NetworkError) -> Contents {
        var contents = Contents(networks: [], warnings: [])
        let names: [String]
        do throws(Errno) { names = try File.names(in: directory) } catch {
            throw NetworkError("read \(directory)", error)
        }
        for name in names where name.hasSuffix(".json") && !File.isDirectory("\(directory)/\(name)") {
            do throws(NetworkError) {
                contents.networks.append(try read(name))
            } catch {
                contents.warnings.append(error.message)
            }
        }
        if !contents.networks.contains(where: { $0.name == defaultNetwork.name }) {
            contents.networks.append(defaultNetwork)
        }
        contents.networks.sort { $0.name < $1.name }
        return contents
    }

    /// The network of this name, else the only one whose id begins so.
    ///
    /// The file of that name is looked at first, so that nothing else is read when it is there; a name without a file
    /// may be the start of an id.
    ///
    /// - Throws: `NetworkError` of kind `notFound` or `ambiguous`, in Podman's words.
    public func find(_ nameOrID: String) throws(NetworkError) -> NetworkDefinition {
        if Self.isName(nameOrID) {
            let file = "\(nameOrID).json"
            if File.exists("\(directory)/\(file)") { return try read(file) }
            if nameOrID == defaultNetwork.name { return defaultNetwork }
        }
        let matches = try load().networks.filter { !nameOrID.isEmpty && $0.id.hasPrefix(nameOrID) }
        guard matches.count < 2 else {
            throw NetworkError(.ambiguous, "more than one result for network ID \(nameOrID)")
        }
        guard let match = matches.first else {
            throw NetworkError(
                .notFound, "unable to find network with name or ID \(nameOrID): network not found")
        }
        return match
    }

    /// Writes a definition, whole or not at all. The caller sees to it that nobody else changes definitions.
    ///
    /// - Throws: `NetworkError` when the file cannot be written.
    public func write(_ definition: NetworkDefinition) throws(NetworkError) {
        let path = "\(directory)/\(definition.name).json"
        do throws(Errno) {
            try File.makeDirectories(directory, mode: 0o755)
            try sweep()
            try File.replace(path, Array(definition.json.utf8), mode: 0o644)
        } catch {
            throw NetworkError("write \(path)", error)
        }
    }

    /// Removes a definition; that there is none is success.
    ///
    /// - Throws: `NetworkError` when the file cannot be removed.
    public func remove(_ name: String) throws(NetworkError) {
        do throws(Errno) {
            try sweep()
            try File.remove("\(directory)/\(name).json")
        } catch {
            throw NetworkError("remove \(directory)/\(name).json", error)
        }
    }

    /// Removes what commands left that were killed while they wrote.
    private func sweep() throws(Errno) {
        for name in try File.names(in: directory) where File.isUnfinished(name) {
            try File.remove("\(directory)/\(name)")
        }
    }

    /// Whether Podman takes this as a name: `[a-zA-Z0-9][a-zA-Z0-9_.-]*`.
    public static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetterOrDigit(first) else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || "_.-".utf8.contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    private func read(_ file: String) throws(NetworkError) -> NetworkDefinition {
        let path = "\(directory)/\(file)"
        let definition: NetworkDefinition
        do {
            // A definition is a page of text; more is somebody's mistake.
            let bytes = try File.read(path, limit: 1 << 20)
            definition = try JSONDecoder().decode(NetworkDefinition.self, from: Data(bytes))
        } catch {
            throw NetworkError(.invalid, "Error reading network config file \"\(path)\": \(Self.reason(error))")
        }
        guard definition.name + ".json" == file else {
            throw NetworkError(
                .invalid, "Network config name \"\(definition.name)\" does not match file name \"\(file)\", skipping")
        }
        guard Self.isName(definition.name) else {
            throw NetworkError(
                .invalid,
                "Network config \"\(path)\" has invalid name: \"\(definition.name)\", skipping: "
                    + "names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument")
        }
        if let problem = Self.problem(definition) {
            throw NetworkError(.invalid, "Network config \"\(path)\" could not be parsed, skipping: \(problem)")
        }
        return definition
    }

    /// What makes a definition useless although it could be read.
    private static func problem(_ definition: NetworkDefinition) -> String? {
        guard definition.id.utf8.count == 64 else { return "invalid network ID \"\(definition.id)\"" }
        // Podman lists one that names no bridge; a container cannot be joined to it.
        if definition.driver == "bridge", let bridge = definition.networkInterface, !bridge.isEmpty,
            InterfaceName(bridge) == nil
        {
            return "bridge name \(bridge) is invalid: interface names have 1 to 15 "
                + "characters without spaces, '/' and ':'"
        }
        return definition.subnets.lazy.compactMap(\.problem).first
    }

    /// The sentence in a decoder's error that says what is wrong where.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let context: DecodingError.Context
        switch error {
        case .dataCorrupted(let found), .typeMismatch(_, let found), .valueNotFound(_, let found): context = found
        case .keyNotFound(let key, _): return "member \"\(key.stringValue)\" is missing"
        @unknown default: return "\(error)"
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? context.debugDescription : "member \"\(path)\": \(context.debugDescription)"
    }
}
