internal import FoundationEssentials
internal import LinuxSys
internal import OCISpec

/// A name and its password, or a token, for one registry. Its text never shows the secret.
public struct RegistryCredentials: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// Who.
    public var username: String
    /// The secret.
    public var password: String
    /// A refresh token, which counts instead of both (Docker's `identitytoken`).
    public var identityToken: String?

    /// Credentials from their parts.
    public init(username: String, password: String, identityToken: String? = nil) {
        self.username = username
        self.password = password
        self.identityToken = identityToken
    }

    /// The name only.
    public var description: String { "credentials of \(username.shown)" }
    /// The name only.
    public var debugDescription: String { description }

    /// The value of an `Authorization` header (RFC 7617).
    var basic: String { "Basic " + Data("\(username):\(password)".utf8).base64EncodedString() }
}

/// The file that `login` writes: containers-auth.json(5), which is Docker's `config.json`.
public struct CredentialFile: Sendable {
    /// Where it lies.
    public let path: String

    /// The file that `login` and `logout` change: the given one, that of `REGISTRY_AUTH_FILE`, or
    /// `containers/auth.json` in `XDG_RUNTIME_DIR` or `/run/containers/0`.
    public init(_ path: String?) {
        self.path = path.flatMap { $0.isEmpty ? nil : $0 } ?? Self.variable("REGISTRY_AUTH_FILE") ?? Self.own
    }

    private static func variable(_ name: String) -> String? {
        StandardStream.environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    private static var own: String {
        variable("XDG_RUNTIME_DIR").map { "\($0)/containers/auth.json" } ?? "/run/containers/0/auth.json"
    }

    /// What is stored for a repository, or for its registry: the given file alone, else Podman's, else Docker's.
    ///
    /// - Throws: `StorageError` naming a file that cannot be read.
    static func find(for reference: ImageReference, file: String?) throws(StorageError) -> RegistryCredentials? {
        for file in all(file) {
            if let found = try file.credentials(for: reference) { return found }
        }
        return nil
    }

    /// What is stored for a registry as a whole: the given file alone, else Podman's, else Docker's.
    ///
    /// - Throws: `StorageError` naming a file that cannot be read.
    public static func find(registry: String, file: String?) throws(StorageError) -> RegistryCredentials? {
        for file in all(file) {
            if let found = try file.credentials(registry: registry) { return found }
        }
        return nil
    }

    private static func all(_ file: String?) -> [CredentialFile] {
        let given = CredentialFile(file)
        guard given.path == own else { return [given] }
        let home = variable("HOME") ?? "/root"
        let configuration = variable("XDG_CONFIG_HOME") ?? "\(home)/.config"
        return [
            given, CredentialFile("\(configuration)/containers/auth.json"),
            CredentialFile("\(variable("DOCKER_CONFIG") ?? "\(home)/.docker")/config.json"),
        ]
    }

    /// What is stored for a registry as a whole.
    ///
    /// - Throws: `StorageError` naming the file if it cannot be read.
    public func credentials(registry: String) throws(StorageError) -> RegistryCredentials? {
        try entry(Self.keys(registry: registry))
    }

    /// The most specific entry: the repository, each namespace above it, the registry.
    private func credentials(for reference: ImageReference) throws(StorageError) -> RegistryCredentials? {
        var keys: [String] = []
        var name = reference.name[...]
        while let slash = name.lastIndex(of: "/") {
            keys.append(String(name))
            name = name[..<slash]
        }
        return try entry(keys + Self.keys(registry: reference.registry))
    }

    /// Docker's own registry has an old name in these files.
    private static func keys(registry: String) -> [String] {
        registry == "docker.io" ? [registry, "https://index.docker.io/v1/", "index.docker.io"] : [registry]
    }

    private func entry(_ keys: [String]) throws(StorageError) -> RegistryCredentials? {
        let document = try document()
        if let helper = try Self.helper(for: keys, in: document) {
            return try helper.program.credentials(for: helper.registry)
        }
        if let found = try entry(keys, in: document) { return found }
        // Docker's: one program for all registries that have none of their own.
        guard case .string(let store) = document["credsStore"], !store.isEmpty else { return nil }
        let program = try CredentialHelper(store)
        for key in keys where !key.contains("/") || key.contains("://") {
            if let found = try program.credentials(for: key) { return found }
        }
        return nil
    }

    /// The program that keeps the credentials of one of these registries.
    private static func helper(
        for keys: [String], in document: [String: JSONValue]
    ) throws(StorageError) -> (program: CredentialHelper, registry: String)? {
        guard case .object(let helpers) = document["credHelpers"] else { return nil }
        for key in keys {
            guard case .string(let name) = helpers[key], !name.isEmpty else { continue }
            return (try CredentialHelper(name), key)
        }
        return nil
    }

    private func entry(
        _ keys: [String], in document: [String: JSONValue]
    ) throws(StorageError) -> RegistryCredentials? {
        guard case .object(let entries) = document["auths"] ?? .object([:]) else { return nil }
        for key in keys {
            // Docker wrote URLs here once.
            let entry = entries[key] ?? entries["https://\(key)"] ?? entries["https://\(key)/v2/"]
            guard case .object(let fields) = entry else { continue }
            if let found = try credentials(fields, key) { return found }
        }
        return nil
    }

    private func credentials(
        _ fields: [String: JSONValue], _ key: String
    ) throws(StorageError) -> RegistryCredentials? {
        var token: String?
        if case .string(let text) = fields["identitytoken"], !text.isEmpty { token = text }
        guard case .string(let text) = fields["auth"], !text.isEmpty else {
            return token.map { RegistryCredentials(username: "", password: "", identityToken: $0) }
        }
        // Padding with NULs is Docker's own.
        guard let data = Data(base64Encoded: text), let pair = String(validating: data, as: UTF8.self),
            let colon = pair.firstIndex(of: ":")
        else { throw .invalid("\(path): \"auth\" of \(key.shown) is no base64 of name:password") }
        let password = pair[pair.index(after: colon)...].prefix { $0 != "\0" }
        return RegistryCredentials(
            username: String(pair[..<colon]), password: String(password), identityToken: token)
    }

    // MARK: Changing

    /// Stores credentials for a registry or a part of it.
    ///
    /// - Throws: `StorageError` naming the file.
    public func store(_ credentials: RegistryCredentials, for key: String) throws(StorageError) {
        if let helper = try Self.helper(for: [key], in: document()) {
            return try helper.program.store(credentials, for: key)
        }
        let pair = Data("\(credentials.username):\(credentials.password)".utf8).base64EncodedString()
        try change { entries in
            entries[key] = .object(["auth": .string(pair)])
            return true
        }
    }

    /// Forgets what is stored for a registry.
    ///
    /// - Returns: whether there was anything.
    /// - Throws: `StorageError` naming the file.
    public func remove(_ key: String) throws(StorageError) -> Bool {
        if let helper = try Self.helper(for: [key], in: document()) { return try helper.program.erase(key) }
        return try change { entries in
            let known = Self.keys(registry: key).filter { entries.removeValue(forKey: $0) != nil }
            return !known.isEmpty
        }
    }

    /// Forgets everything.
    ///
    /// - Throws: `StorageError` naming the file.
    public func removeAll() throws(StorageError) {
        try change { entries in
            entries = [:]
            return true
        }
    }

    /// Changes the entries under a lock, so that two logins at once both last. `body` says whether to write.
    @discardableResult
    private func change(_ body: (inout [String: JSONValue]) -> Bool) throws(StorageError) -> Bool {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return try writing {
            if !folder.isEmpty { try File.makeDirectories(folder) }
            let lock = try FileLock("\(path).lock")
            defer { lock.release() }
            var document = try document()
            var entries: [String: JSONValue] = [:]
            if case .object(let present) = document["auths"] { entries = present }
            guard body(&entries) else { return false }
            document["auths"] = .object(entries)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try File.replace(path, [UInt8](try encoder.encode(document)))
            return true
        }
    }

    private func document() throws(StorageError) -> [String: JSONValue] {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try File.read(path, limit: ImageJSON.sizeLimit)
        } catch .noSuchFileOrDirectory {
            return [:]
        } catch {
            throw .system(error, "read \(path)")
        }
        if bytes.isEmpty { return [:] }
        return try ImageDocuments.decode([String: JSONValue].self, bytes, path)
    }

    private func writing<Result>(_ body: () throws -> Result) throws(StorageError) -> Result {
        do { return try body() } catch let error as StorageError { throw error } catch let error as Errno {
            throw .system(error, "change \(path)")
        } catch {
            throw .invalid("change \(path): \(error)")
        }
    }
}
