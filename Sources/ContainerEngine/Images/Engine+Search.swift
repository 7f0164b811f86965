internal import ContainerStorage
internal import OCISpec

/// What `search` found in one registry.
public struct FoundImage: Sendable {
    /// The registry.
    public var index: String
    /// The full name: registry and repository.
    public var name: String
    /// What the registry says of it; registries of version 2 say nothing.
    public var description: String
    /// How many people like it.
    public var stars: Int
    /// Whether the registry's owner looks after it.
    public var isOfficial: Bool
    /// Whether it is built by the registry.
    public var isAutomated: Bool
}

/// Looking at what registries have. Nothing of this machine's own is looked at but its configuration.
public struct ImageSearch {
    private let registries: RegistriesConfiguration
    private let search: RegistrySearch

    /// As registries.conf and a command say.
    ///
    /// - Throws: `StorageError` for a file that cannot be read.
    public init(_ options: RegistryOptions) throws {
        registries = try RegistriesConfiguration()
        search = RegistrySearch(registries, options.access)
    }

    /// Repositories with a text in their names: of the registry that the text begins with, or of all that a name
    /// without a registry is looked for in.
    ///
    /// - Parameters:
    ///   - term: the text.
    ///   - limit: how many of a registry at most.
    ///   - failed: told why a registry could not be searched while others could.
    /// - Returns: what was found, registry by registry.
    /// - Throws: `StorageError` or `EngineError` when no registry could be searched.
    public func images(_ term: String, limit: Int, failed: (String) -> Void) throws -> [FoundImage] {
        let parts = term.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let hasRegistry = parts.count == 2 && Self.isRegistry(parts[0])
        let hosts = hasRegistry ? [parts[0]] : registries.search
        guard !hosts.isEmpty else {
            throw EngineError("\(term): no registries to search: give one, or configure unqualified-search-registries")
        }
        var found: [FoundImage] = []
        var failures: [StorageError] = []
        for host in hosts {
            do {
                found += try search.repositories(hasRegistry ? parts[1] : term, in: host, limit: limit).map {
                    FoundImage(
                        index: host, name: "\(host)/\($0.name)", description: $0.description, stars: $0.stars,
                        isOfficial: $0.isOfficial, isAutomated: $0.isAutomated)
                }
            } catch let error as StorageError where error.code != .system {
                failures.append(error.during("couldn't search registry \"\(host)\""))
            }
        }
        guard failures.count < hosts.count else {
            if failures.count == 1, let only = failures.first { throw only }
            throw EngineError(failures.map(\.description).joined(separator: "; "))
        }
        for failure in failures { failed(failure.description) }
        return found
    }

    private static func isRegistry(_ text: String) -> Bool {
        text == "localhost" || text.contains(".") || text.contains(":")
    }

    /// The tags of an image in its registry.
    ///
    /// - Returns: the image's full name without a tag, and the tags.
    /// - Throws: `StorageError` or `ImageReferenceError`.
    public func tags(_ name: String, limit: Int) throws -> (name: String, tags: [String]) {
        let text = name.withoutRegistryTransport
        return try firstAnswer(text) { reference in
            (reference.name, try search.tags(reference, limit: limit))
        }
    }

    /// An image's manifest, or the index that names one for each platform, as a registry has it.
    ///
    /// - Throws: `StorageError` or `ImageReferenceError`.
    public func manifest(_ name: String) throws -> [UInt8] {
        let text = name.withoutRegistryTransport
        return try firstAnswer(text) { try search.manifest($0) }
    }

    private func firstAnswer<Answer>(_ text: String, _ ask: (ImageReference) throws -> Answer) throws -> Answer {
        try registries.firstAnswer(text, registries.candidates(text)) { reference in
            do { return try ask(reference) } catch let error as StorageError {
                throw error.during("reading image \"docker://\(reference)\"")
            }
        }
    }
}

extension RegistriesConfiguration {
    /// Tries the images that a name can mean. Each that fails is told; only a name without a registry leads to more
    /// than one.
    ///
    /// - Throws: `StorageError` or `EngineError`.
    func firstAnswer<Answer>(
        _ name: String, _ candidates: [ImageReference], _ ask: (ImageReference) throws -> Answer
    ) throws -> Answer {
        var failures: [String] = []
        for candidate in candidates {
            do {
                return try ask(candidate)
            } catch let error as StorageError where error.code != .system {
                // As Podman: whatever is wrong with one registry, the next may have it.
                guard candidates.count > 1 else { throw error }
                failures.append("\(candidate): \(error)")
            }
        }
        throw EngineError("\(failures.count) registries were asked for \(name): \(failures.joined(separator: "; "))")
    }
}
