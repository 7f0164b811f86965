internal import ContainerStorage
internal import OCISpec

/// What `login` and `logout` do: credentials are tried, and stored in a file of containers-auth.json(5).
public struct RegistrySession {
    private let registry: String
    private let options: RegistryOptions
    private var file: CredentialFile { CredentialFile(options.credentialFile) }

    /// For a registry, or a part of it (`host/namespace`), which has credentials of its own then.
    ///
    /// - Throws: `EngineError` when it is no registry's name.
    public init(_ registry: String, _ options: RegistryOptions) throws {
        let text = ["https://", "http://"].first(where: registry.hasPrefix).map { registry.dropFirst($0.count) }
        let trimmed = (text ?? registry[...]).split(separator: "/").joined(separator: "/")
        do {
            let reference = try ImageReference(parsing: "\(trimmed)/x")
            guard trimmed.hasPrefix(reference.registry) else {
                throw EngineError("\(registry) is no registry: it must have a dot or a port, or be localhost")
            }
        } catch let error as ImageReferenceError {
            throw EngineError("\(registry) is no registry: \(error.reason)")
        }
        self.registry = trimmed
        self.options = options
    }

    /// The registry that a command means which names none: the first of registries.conf.
    ///
    /// - Throws: `EngineError` when there is none.
    public static func defaultRegistry() throws -> String {
        guard let first = try RegistriesConfiguration().search.first else {
            throw EngineError("no registries found in registries.conf, a registry must be provided")
        }
        return first
    }

    /// Where the credentials are stored.
    public var path: String { file.path }

    /// The name of the user who is logged in; nil if nobody is.
    ///
    /// - Throws: `StorageError` when the file cannot be read.
    public func username() throws -> String? {
        try CredentialFile.find(registry: registry, file: options.credentialFile)?.username
    }

    /// Tries the credentials of `options` and stores them, or tries those that are stored.
    ///
    /// - Throws: `EngineError` or `StorageError`; nothing is stored then.
    public func logIn() throws {
        var access = options.access
        let credentials =
            try access.credentials ?? CredentialFile.find(registry: registry, file: options.credentialFile)
        access.credentials = credentials
        let host = String(registry.prefix { $0 != "/" })
        do {
            try RegistryLogin.check(host, access)
        } catch let error as StorageError where error.code == .unauthorized {
            throw EngineError("logging into \"\(registry)\": invalid username/password: \(error)")
        } catch let error as StorageError {
            throw EngineError("authenticating creds for \"\(registry)\": \(error)")
        }
        if options.credentials != nil, let credentials { try file.store(credentials, for: registry) }
    }

    /// Forgets the credentials.
    ///
    /// - Throws: `EngineError` when nobody is logged in.
    public func logOut() throws {
        guard try file.remove(registry) else { throw EngineError("not logged into \(registry)") }
    }

    /// Forgets all credentials of the file.
    ///
    /// - Throws: `StorageError` when it cannot be written.
    public static func logOutEverywhere(_ options: RegistryOptions) throws {
        try CredentialFile(options.credentialFile).removeAll()
    }
}
