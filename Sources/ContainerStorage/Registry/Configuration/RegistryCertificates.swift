internal import LinuxSys

/// Certificates for one registry beside the system's: containers-certs.d(5).
struct RegistryCertificates: Hashable, Sendable {
    /// Files with certificates of authorities: `*.crt`.
    var authorities: [String] = []
    /// The client's own: `NAME.cert` with `NAME.key`.
    var client: Client?

    /// A certificate's file and its key's.
    struct Client: Hashable, Sendable {
        var certificate: String
        var key: String
    }

    /// None.
    init() {}

    /// Those of a directory given with `--cert-dir`, else of `certs.d/HOST:PORT` of the user, Podman or Docker.
    ///
    /// - Throws: `StorageError` for a directory that cannot be read, or a certificate without its key.
    init(host: String, directory: String?) throws(StorageError) {
        let home = StandardStream.environment("HOME") ?? "/root"
        let standard = ["\(home)/.config/containers/certs.d", "/etc/containers/certs.d", "/etc/docker/certs.d"]
            .map { "\($0)/\(host)" }
        guard let folder = directory ?? standard.first(where: File.isDirectory) else { return }
        if let directory, !File.isDirectory(directory) { throw .system(.noSuchFileOrDirectory, "open \(directory)") }
        let names = try doing("list \(folder)") { () throws(Errno) in try File.names(in: folder) }
        for name in names {
            if name.hasSuffix(".crt") { authorities.append("\(folder)/\(name)") }
            guard name.hasSuffix(".cert") else { continue }
            let key = "\(name.dropLast(5)).key"
            guard names.contains(key) else { throw .invalid("\(folder): \(name) has no key \(key) beside it") }
            client = Client(certificate: "\(folder)/\(name)", key: "\(folder)/\(key)")
        }
    }
}
