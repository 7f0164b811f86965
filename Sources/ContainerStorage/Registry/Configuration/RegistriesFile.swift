internal import LinuxSys
internal import TOMLReader

/// One file of registries.conf's format, version 2 (containers-registries.conf(5)).
struct RegistriesFile: Decodable {
    var search: [String]?
    var registries: [Registry]?
    var shortNameMode: String?
    var aliases: [String: String]?
    /// Only in version 1 of the format, which is refused.
    var old: Old?

    struct Registry: Decodable {
        var prefix: String?
        var location: String?
        var insecure: Bool?
        var blocked: Bool?
        var mirrorByDigestOnly: Bool?
        var mirrors: [Mirror]?

        enum CodingKeys: String, CodingKey {
            case prefix, location, insecure, blocked
            case mirrorByDigestOnly = "mirror-by-digest-only"
            case mirrors = "mirror"
        }
    }

    struct Mirror: Decodable {
        var location: String
        var insecure: Bool?
        var pullFromMirror: String?

        enum CodingKeys: String, CodingKey {
            case location, insecure
            case pullFromMirror = "pull-from-mirror"
        }
    }

    struct Old: Decodable {}

    enum CodingKeys: String, CodingKey {
        case search = "unqualified-search-registries"
        case registries = "registry"
        case shortNameMode = "short-name-mode"
        case aliases
        case old = "registries"
    }

    /// Reads a file; nil if there is none.
    ///
    /// - Throws: `StorageError` naming the file and what is wrong in it.
    init?(path: String) throws(StorageError) {
        let text: String
        do throws(Errno) {
            text = try File.readText(path, limit: 4 << 20)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw .system(error, "read \(path)")
        }
        try self.init(text: text, path: path)
    }

    init(text: String, path: String) throws(StorageError) {
        do throws(TOMLError) { self = try TOMLText(text).decode(RegistriesFile.self) } catch {
            throw .invalid("\(path): \(error)")
        }
        guard old == nil else {
            throw .invalid("\(path) is in the first version of the format: see containers-registries.conf(5)")
        }
    }
}
