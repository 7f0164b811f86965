internal import FoundationEssentials
internal import LinuxSys
public import OCISpec

/// Where an image comes from, as containers-policy.json(5) tells places apart.
public enum PolicySource: Sendable, Hashable {
    /// A registry.
    case registry(ImageReference)
    /// A docker-archive at a path.
    case dockerArchive(String)
    /// An oci-archive at a path; nil for standard input.
    case ociArchive(String?)
    /// A directory with an OCI layout.
    case layout(String)
    /// A directory with one image.
    case directory(String)
    /// This machine's own images, by id.
    case storage(String)
    /// An archive of a root file system.
    case rootArchive(String)

    var transport: String {
        switch self {
        case .registry: "docker"
        case .dockerArchive: "docker-archive"
        case .ociArchive: "oci-archive"
        case .layout: "oci"
        case .directory: "dir"
        case .storage: "containers-storage"
        case .rootArchive: "tarball"
        }
    }

    /// As Podman writes it.
    var text: String {
        switch self {
        case .registry(let reference): "docker://\(reference)"
        case .ociArchive(let path): "\(transport):\(path ?? "standard input")"
        case .dockerArchive(let path), .layout(let path), .directory(let path), .rootArchive(let path):
            "\(transport):\(path)"
        case .storage(let id): "\(transport):@\(id)"
        }
    }

    /// The scopes that it is in, the most specific first, without the transport's own: for a registry the whole name,
    /// the repository, each namespace, the host, `*.` and each domain above the host; for paths each directory above.
    var scopes: [String] {
        switch self {
        case .registry(let reference): Self.scopes(of: reference)
        case .ociArchive(let path?), .layout(let path), .directory(let path): Self.scopes(of: path)
        case .ociArchive(nil), .dockerArchive, .rootArchive, .storage: []
        }
    }

    private static func scopes(of reference: ImageReference) -> [String] {
        var names = [reference.description]
        var name = reference.name[...]
        while true {
            names.append(String(name))
            guard let slash = name.lastIndex(of: "/") else { break }
            name = name[..<slash]
        }
        var domain = reference.registry.split(separator: ":")[0]
        while let dot = domain.firstIndex(of: ".") {
            domain = domain[domain.index(after: dot)...]
            names.append("*.\(domain)")
        }
        return names
    }

    private static func scopes(of path: String) -> [String] {
        // A path that does not lead anywhere is nobody's image.
        var path = ((try? File.resolve(path)) ?? path)[...]
        var scopes: [String] = []
        while path.count > 1 {
            scopes.append(String(path))
            guard let slash = path.lastIndex(of: "/") else { break }
            path = path[..<slash]
        }
        return scopes
    }
}

/// Which images may be used at all: containers-policy.json(5).
///
/// Signatures are not looked at: an image is accepted as it is, rejected, or needs something that is not there yet.
public struct SignaturePolicy: Sendable {
    /// Fields of each kind of requirement, beside `type`.
    private static let fields: [String: Set<String>] = [
        "insecureAcceptAnything": [], "reject": [],
        "signedBy": ["keyType", "keyPath", "keyPaths", "keyData", "signedIdentity"],
        "signedBaseLayer": ["baseLayerIdentity"],
        "sigstoreSigned": [
            "keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki", "rekorPublicKeyPath", "rekorPublicKeyPaths",
            "rekorPublicKeyData", "rekorPublicKeyDatas", "signedIdentity",
        ],
    ]

    private var fallback: [String]
    /// Types of requirements, by transport and scope.
    private var transports: [String: [String: [String]]] = [:]

    /// Reads the user's policy, or else the machine's.
    ///
    /// - Throws: `StorageError`; with a remedy when there is none.
    public init() throws(StorageError) {
        let home = StandardStream.environment("HOME") ?? "/root"
        let own = "\(home)/.config/containers/policy.json"
        try self.init(path: File.exists(own) ? own : "/etc/containers/policy.json")
    }

    init(path: String) throws(StorageError) {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try File.read(path, limit: ImageJSON.sizeLimit)
        } catch .noSuchFileOrDirectory {
            throw .invalid(
                "\(path) is missing, so no image may be used: install golang-github-containers-common, or write "
                    + #"{"default":[{"type":"insecureAcceptAnything"}]} to it"#)
        } catch {
            throw .system(error, "read \(path)")
        }
        try self.init(bytes, path: path)
    }

    init(_ bytes: [UInt8], path: String) throws(StorageError) {
        let document = try ImageDocuments.decode([String: JSONValue].self, bytes, path)
        let fault = { (text: String) in StorageError.invalid("invalid policy in \"\(path)\": \(text)") }
        for key in document.keys.sorted() where key != "default" && key != "transports" {
            throw fault("Unknown key \"\(key)\"")
        }
        guard let fallback = document["default"] else { throw fault("Default policy is missing") }
        self.fallback = try Self.requirements(fallback, fault)
        guard let value = document["transports"] else { return }
        guard case .object(let transports) = value else { throw fault("transports is no object") }
        for (transport, value) in transports {
            guard case .object(let scopes) = value else { throw fault("transport \(transport.shown) is no object") }
            for (scope, value) in scopes {
                guard scope.isEmpty || !["docker-archive", "tarball"].contains(transport) else {
                    throw fault("Unknown key \"\(scope)\"")
                }
                self.transports[transport, default: [:]][scope] = try Self.requirements(value, fault)
            }
        }
    }

    /// The types of a list of requirements.
    private static func requirements(
        _ value: JSONValue, _ fault: (String) -> StorageError
    ) throws(StorageError) -> [String] {
        guard case .array(let items) = value else { throw fault("requirements must be a list") }
        guard !items.isEmpty else { throw fault("List of verification policy requirements must not be empty") }
        var types: [String] = []
        for item in items {
            guard case .object(let requirement) = item, case .string(let type) = requirement["type"] else {
                throw fault("a requirement has no type")
            }
            guard let known = fields[type] else { throw fault("Unknown policy requirement type \"\(type)\"") }
            for key in requirement.keys.sorted() where key != "type" && !known.contains(key) {
                throw fault("Unknown key \"\(key)\"")
            }
            types.append(type)
        }
        return types
    }

    /// Checks that an image may be used.
    ///
    /// - Throws: `StorageError` with `Code.refused`.
    public func check(_ source: PolicySource) throws(StorageError) {
        let scopes = transports[source.transport] ?? [:]
        let types = (source.scopes + [""]).lazy.compactMap { scopes[$0] }.first ?? fallback
        for type in types {
            switch type {
            case "insecureAcceptAnything": continue
            case "reject":
                throw .refused("Source image rejected: Running image \(source.text) is rejected by policy.")
            default:
                throw .refused(
                    "\(source.text): policy.json asks for \(type.shown), which this engine cannot check")
            }
        }
    }
}
