internal import LinuxSys
public import OCISpec

/// Where one image's data can be had: one repository of one registry.
public struct RegistrySource: Hashable, Sendable {
    /// The registry's host, with a port if need be, and the repository in it.
    public var reference: ImageReference
    /// Whether plain HTTP, and certificates that nobody vouches for, will do.
    public var isInsecure: Bool
    /// Whether it is a mirror, which gives way to the next source when it fails.
    public var isMirror: Bool
}

/// What registries.conf says (containers-registries.conf(5)): which registry an image's name leads to.
public struct RegistriesConfiguration: Sendable {
    /// What may be done with a name without a registry that more than one registry could have.
    enum ShortNameMode: String, Sendable {
        /// Ask a person; refuse if there is none.
        case enforcing
        /// Ask a person; try all if there is none.
        case permissive
        /// Try all.
        case disabled
    }

    struct Registry: Sendable, Hashable {
        /// The beginning of the names that it is for, or `*.domain`.
        var prefix: String
        /// What stands in the prefix's place; empty if nothing does.
        var location: String
        var isInsecure = false
        var isBlocked = false
        var mirrors: [Mirror] = []
    }

    struct Mirror: Sendable, Hashable {
        /// Which references it is for.
        enum Use: String, Sendable {
            case all
            case digestOnly = "digest-only"
            case tagOnly = "tag-only"
        }

        var location: String
        var isInsecure: Bool
        var use: Use
    }

    /// The registries that a name without one is looked for in, in order.
    public private(set) var search: [String] = []
    private(set) var aliases: [String: String] = [:]
    /// The file of each alias.
    private var aliasPaths: [String: String] = [:]
    private(set) var shortNameMode = ShortNameMode.permissive
    private(set) var registries: [Registry] = []
    private let path: String

    /// Nothing configured.
    init(path: String) {
        self.path = path
    }

    /// Reads the machine's configuration: the file that `CONTAINERS_REGISTRIES_CONF` or `REGISTRIES_CONFIG_PATH`
    /// names and nothing else, or `/etc/containers/registries.conf` and the files of `registries.conf.d`.
    ///
    /// - Throws: `StorageError` naming the file and what is wrong in it.
    public init() throws(StorageError) {
        let chosen = ["CONTAINERS_REGISTRIES_CONF", "REGISTRIES_CONFIG_PATH"].lazy
            .compactMap(StandardStream.environment).first { !$0.isEmpty }
        if let chosen {
            self.init(path: chosen)
            guard let file = try RegistriesFile(path: chosen) else {
                throw .system(.noSuchFileOrDirectory, "read \(chosen)")
            }
            try add(file, path: chosen)
        } else {
            try self.init(directory: "/etc/containers", fallback: "/usr/share/containers")
        }
        // What a person has chosen counts more than what is configured, as in Podman.
        if let chosen = try RegistriesFile(path: ShortNameAliases.path) {
            add(aliases: chosen.aliases ?? [:], path: ShortNameAliases.path)
        }
    }

    /// Reads `registries.conf` and `registries.conf.d` of a directory, of `fallback` if the first is missing there.
    init(directory: String, fallback: String) throws(StorageError) {
        self.init(path: "\(directory)/registries.conf")
        for main in [path, "\(fallback)/registries.conf"] {
            guard let file = try RegistriesFile(path: main) else { continue }
            try add(file, path: main)
            break
        }
        // As containers/image: the vendor's files come first, then the machine's own, each by name.
        for folder in ["\(fallback)/registries.conf.d", "\(directory)/registries.conf.d"] {
            let names = try doing("list \(folder)") { () throws(Errno) in try File.names(in: folder) }
            for name in names where name.hasSuffix(".conf") {
                if let file = try RegistriesFile(path: "\(folder)/\(name)") { try add(file, path: "\(folder)/\(name)") }
            }
        }
    }

    /// Adds what a file says; it goes before what was said earlier.
    mutating func add(_ file: RegistriesFile, path: String) throws(StorageError) {
        if let search = file.search { self.search = search }
        if let text = file.shortNameMode {
            guard let mode = ShortNameMode(rawValue: text) else {
                throw .invalid("\(path): short-name-mode \(text.shown) is none of enforcing, permissive, disabled")
            }
            shortNameMode = mode
        }
        add(aliases: file.aliases ?? [:], path: path)
        for entry in file.registries ?? [] {
            let registry = try Registry(entry, path: path)
            registries.removeAll { $0.prefix == registry.prefix }
            registries.append(registry)
        }
    }

    private mutating func add(aliases: [String: String], path: String) {
        for (name, target) in aliases {
            self.aliases[name] = target.isEmpty ? nil : target
            aliasPaths[name] = path
        }
    }

    // MARK: Looking up

    /// The entry with the longest prefix that fits a name.
    func registry(for reference: ImageReference) -> Registry? {
        registries.filter { $0.covers(reference) }.max { $0.prefix.utf8.count < $1.prefix.utf8.count }
    }

    /// Where an image can be had, in the order in which to try: mirrors, then the registry itself.
    ///
    /// - Throws: `StorageError` with `Code.refused` when the registry is blocked.
    public func sources(for reference: ImageReference) throws(StorageError) -> [RegistrySource] {
        guard let registry = registry(for: reference) else {
            return [RegistrySource(reference: reference, isInsecure: false, isMirror: false)]
        }
        guard !registry.isBlocked else {
            throw .refused("registry \(registry.prefix) is blocked in \(path) or \(path).d")
        }
        var sources: [RegistrySource] = []
        for mirror in registry.mirrors where mirror.serves(reference) {
            sources.append(
                RegistrySource(
                    reference: try registry.rewrite(reference, to: mirror.location, path),
                    isInsecure: mirror.isInsecure, isMirror: true))
        }
        sources.append(
            RegistrySource(
                reference: try registry.rewrite(reference, to: registry.location, path),
                isInsecure: registry.isInsecure, isMirror: false))
        return sources
    }

    /// What a name without a registry, or with one, can mean.
    public struct Resolution: Sendable {
        /// The images, in the order in which to try.
        public var images: [ImageReference]
        /// Whether a person is to choose one of them, if there is a person.
        public var isChoice = false
        /// Whether they must not be tried one after the other.
        public var isEnforced = false
        /// How it was found, as a sentence; nil where nothing had to be found.
        public var note: String?
    }

    /// The images that a name can mean, in the order in which to try; one only, if it names its registry or an alias
    /// does. A name that is pinned so never leads to another registry.
    ///
    /// - Throws: `StorageError` when no registry is left to ask, or a person would have to choose.
    public func candidates(_ text: String) throws -> [ImageReference] {
        let resolution = try resolve(text)
        guard !resolution.isEnforced else { throw Self.unanswered(resolution) }
        return resolution.images
    }

    /// What to say where a person would have to choose.
    public static func unanswered(_ resolution: Resolution) -> StorageError {
        .refused(
            "short-name resolution enforced but cannot prompt without a TTY: give one of "
                + resolution.images.map(\.description).joined(separator: ", "))
    }

    /// What a name can mean.
    ///
    /// - Throws: `StorageError` when no registry is left to ask.
    public func resolve(_ text: String) throws -> Resolution {
        let names = try ImageReference.candidates(text, search: search)
        // The first candidate of a short name is this machine's own, which no registry has.
        guard names.first?.registry == "localhost", !text.hasPrefix("localhost/") else {
            return Resolution(images: names)
        }
        let short = Self.withoutTag(text)
        if let alias = aliases[short] {
            let target = try ImageReference(parsing: alias)
            let written = try ImageReference(local: text)
            let image =
                written.digest.map { target.with(digest: $0) }
                ?? target.with(tag: target.tag ?? written.tag ?? "latest")
            let origin = aliasPaths[short] ?? path
            return Resolution(images: [image], note: "Resolved \"\(short)\" as an alias (\(origin))")
        }
        let found = Array(names.dropFirst())
        guard !found.isEmpty else {
            throw StorageError.invalid(
                "short-name \"\(text)\" did not resolve to an alias and no unqualified-search registries are defined "
                    + "in \"\(path)\": give the registry's name, too")
        }
        return Resolution(
            images: found, isChoice: shortNameMode != .disabled && found.count > 1,
            isEnforced: shortNameMode == .enforcing && found.count > 1,
            note: "Resolving \"\(short)\" using unqualified-search registries (\(path))")
    }

    /// A name without its tag or digest.
    static func withoutTag(_ text: String) -> String {
        let end = text.lastIndex(of: "/") ?? text.startIndex
        return String(text[..<(text[end...].firstIndex { $0 == ":" || $0 == "@" } ?? text.endIndex)])
    }
}

extension RegistriesConfiguration.Registry {
    fileprivate init(_ entry: RegistriesFile.Registry, path: String) throws(StorageError) {
        let trimmed = { (text: String?) in String((text ?? "").split(separator: "/").joined(separator: "/")) }
        location = trimmed(entry.location)
        prefix = trimmed(entry.prefix)
        if prefix.isEmpty { prefix = location }
        guard !prefix.isEmpty else { throw .invalid("\(path): a [[registry]] has neither prefix nor location") }
        for text in [entry.prefix, entry.location] {
            guard let text, text.contains("://") else { continue }
            throw .invalid("\(path): \(text.shown) must be a host and a path, without a scheme")
        }
        guard !location.isEmpty || prefix.hasPrefix("*.") else {
            throw .invalid("\(path): [[registry]] \(prefix.shown) has no location")
        }
        isInsecure = entry.insecure ?? false
        isBlocked = entry.blocked ?? false
        for mirror in entry.mirrors ?? [] {
            let word = mirror.pullFromMirror ?? (entry.mirrorByDigestOnly == true ? "digest-only" : "all")
            guard let use = RegistriesConfiguration.Mirror.Use(rawValue: word) else {
                throw .invalid("\(path): pull-from-mirror \(word.shown) is none of all, digest-only, tag-only")
            }
            mirrors.append(
                .init(location: trimmed(mirror.location), isInsecure: mirror.insecure ?? false, use: use))
        }
    }

    func covers(_ reference: ImageReference) -> Bool {
        if prefix.hasPrefix("*.") {
            let host = reference.registry.split(separator: ":")[0]
            return host.hasSuffix(prefix.dropFirst())
        }
        let text = reference.description
        guard text.hasPrefix(prefix), let next = text.dropFirst(prefix.count).first else { return text == prefix }
        // A host alone covers no other port of that host.
        return next == "/" || (prefix.contains("/") && (next == ":" || next == "@"))
    }

    fileprivate func rewrite(
        _ reference: ImageReference, to location: String, _ path: String
    ) throws(StorageError) -> ImageReference {
        if location.isEmpty { return reference }
        let rest =
            prefix.hasPrefix("*.")
            ? reference.description.dropFirst(reference.registry.count)
            : reference.description.dropFirst(prefix.count)
        do throws(ImageReferenceError) {
            return try ImageReference(parsing: location + rest)
        } catch {
            throw .invalid("\(path): location \(location.shown): \(error)")
        }
    }
}

extension RegistriesConfiguration.Mirror {
    fileprivate func serves(_ reference: ImageReference) -> Bool {
        switch use {
        case .all: true
        case .digestOnly: reference.digest != nil
        case .tagOnly: reference.digest == nil
        }
    }
}
