internal import LinuxSys
internal import OCISpec

/// Which images may be used at all: containers-policy.json(5).
///
/// Signatures are not looked at: a name is accepted as it is, rejected, or needs something that is not there yet.
struct SignaturePolicy: Decodable, Sendable {
    struct Requirement: Decodable, Sendable, Hashable {
        var type: String
    }

    private var fallback: [Requirement]
    private var transports: [String: [String: [Requirement]]]?

    enum CodingKeys: String, CodingKey {
        case fallback = "default"
        case transports
    }

    /// Reads the machine's policy.
    ///
    /// - Throws: `StorageError`; with a remedy when there is none.
    init(path: String = "/etc/containers/policy.json") throws(StorageError) {
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
        self = try ImageDocuments.decode(SignaturePolicy.self, bytes, path)
    }

    /// Checks that an image of a registry may be used.
    ///
    /// - Throws: `StorageError` with `Code.refused`.
    func check(_ reference: ImageReference) throws(StorageError) {
        let requirements = requirements(for: reference)
        guard !requirements.isEmpty else {
            throw .refused("\(reference): policy.json has an empty list of requirements for it")
        }
        for requirement in requirements {
            switch requirement.type {
            case "insecureAcceptAnything": continue
            case "reject":
                throw .refused("Source image rejected: Running image docker://\(reference) is rejected by policy.")
            default:
                throw .refused(
                    "\(reference): policy.json asks for \(requirement.type.shown), which this engine cannot check")
            }
        }
    }

    /// The most specific scope counts: the whole name, the repository, each namespace, the host, `*.` and each
    /// domain above the host, the transport, the default.
    private func requirements(for reference: ImageReference) -> [Requirement] {
        let scopes = transports?["docker"] ?? [:]
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
        return (names + [""]).lazy.compactMap { scopes[$0] }.first ?? fallback
    }
}
