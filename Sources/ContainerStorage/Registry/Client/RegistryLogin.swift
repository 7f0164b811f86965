internal import OCISpec

/// Trying credentials, for `login`.
public enum RegistryLogin {
    /// Asks a registry whether it lets somebody in. One that lets everybody in accepts any credentials.
    ///
    /// - Parameters:
    ///   - registry: its host, with a port if need be.
    ///   - access: how it is reached; with credentials.
    /// - Throws: `StorageError` with `Code.unauthorized` if it does not, `Code.unreachable` if nobody answers.
    public static func check(_ registry: String, _ access: RegistryAccess) throws {
        let reference = try ImageReference(parsing: "\(registry)/login:latest")
        let registries = try RegistriesConfiguration()
        let source = RegistrySource(
            reference: reference, isInsecure: registries.registry(for: reference)?.isInsecure ?? false, isMirror: false)
        try RegistryClient(source, access, .pull, scope: "").ping()
    }
}
