public import OCISpec

/// A repository that a search found.
public struct FoundRepository: Sendable, Hashable {
    /// Its name in the registry.
    public var name: String
    /// What the registry says of it; registries of version 2 say nothing.
    public var description = ""
    /// How many people like it.
    public var stars = 0
    /// Whether the registry's owner looks after it.
    public var isOfficial = false
    /// Whether it is built by the registry.
    public var isAutomated = false
}

/// Looking at what a registry has without getting it.
public struct RegistrySearch: Sendable {
    /// More than any list that a person reads has; a registry that always has one more page ends here.
    private static let pageLimit = 1000
    private let registries: RegistriesConfiguration
    private let access: RegistryAccess

    /// With what registries.conf says, and a command.
    public init(_ registries: RegistriesConfiguration, _ access: RegistryAccess) {
        self.registries = registries
        self.access = access
    }

    /// Repositories with a text in their names: by the search of registries of version 1, which knows descriptions, or
    /// by the catalog of those of version 2.
    ///
    /// - Parameters:
    ///   - term: the text; everything is found if it is empty.
    ///   - registry: the registry's host.
    ///   - limit: how many at most.
    /// - Returns: what was found.
    /// - Throws: `StorageError`.
    public func repositories(_ term: String, in registry: String, limit: Int) throws -> [FoundRepository] {
        let reference = try ImageReference(parsing: "\(registry)/x")
        return try registries.ask(reference, access, scope: "registry:catalog:*") { client in
            if !term.isEmpty, let found = try indexed(term, client, registry, limit) { return found }
            var found: [FoundRepository] = []
            try pages(client, "_catalog", "list the repositories of \(registry)") { (page: Catalog) in
                found += page.repositories.filter { term.isEmpty || $0.contains(term) }.map {
                    FoundRepository(name: $0)
                }
                return found.count < limit
            }
            return Array(found.prefix(limit))
        }
    }

    /// The tags of a repository.
    ///
    /// - Throws: `StorageError` with `Code.notFound` when there is no such repository.
    public func tags(_ reference: ImageReference, limit: Int) throws -> [String] {
        try registries.ask(reference, access) { client in
            var found: [String] = []
            try pages(client, "\(client.reference.repository)/tags/list", "list the tags of \(reference.name)") {
                (page: Tags) in
                found += page.tags ?? []
                return found.count < limit
            }
            return Array(found.prefix(limit))
        }
    }

    /// A manifest or index as the registry has it, verified.
    ///
    /// - Throws: `StorageError` with `Code.notFound` when there is none.
    public func manifest(_ reference: ImageReference) throws -> [UInt8] {
        try registries.ask(reference, access) { client in
            let found = try client.manifest(
                client.reference.digest?.description ?? client.reference.tag ?? "latest")
            _ = try ImageDocuments.kind(found.bytes, expected: found.announcedType, "manifest \(found.digest)")
            return found.bytes
        }
    }

    // MARK: Requests

    /// The answer of a registry's search; nil if it has none.
    private func indexed(
        _ term: String, _ client: RegistryClient, _ registry: String, _ limit: Int
    ) throws -> [FoundRepository]? {
        let start = registry == "docker.io" ? "https://index.docker.io/v1/search" : "/v1/search"
        guard let url = try client.url(start).adding([("q", term), ("n", "\(limit)")]) else { return nil }
        let reply = try client.send("GET", url)
        guard reply.status == 200 else {
            reply.cancel()
            return nil
        }
        let bytes = try reply.readAll(limit: ImageJSON.sizeLimit, "the answer of \(registry)")
        // Servers without a search answer with pages for people, too.
        guard let answer = try? ImageDocuments.decode(Index.self, bytes, registry) else { return nil }
        return answer.results.prefix(limit).map { item in
            let isShort = registry == "docker.io" && !item.name.contains("/")
            return FoundRepository(
                name: isShort ? "library/\(item.name)" : item.name, description: item.description ?? "",
                stars: item.stars ?? 0, isOfficial: item.isOfficial ?? false, isAutomated: item.isAutomated ?? false)
        }
    }

    /// Reads a list page by page (distribution-spec, "Listing Tags") until `add` says that it is enough.
    private func pages<Page: Decodable>(
        _ client: RegistryClient, _ path: String, _ what: String, _ add: (Page) -> Bool
    ) throws {
        var url = try client.url(path)
        for _ in 0..<Self.pageLimit {
            let reply = try client.send("GET", url)
            guard reply.status == 200 else { throw try client.failure(reply, what) }
            let next = reply.header("Link")
            let page = try ImageDocuments.decode(Page.self, reply.readAll(limit: ImageJSON.sizeLimit, what), what)
            guard add(page), let next, let end = next.firstIndex(of: ">"), next.hasPrefix("<") else { return }
            guard let following = RegistryURL(String(next[..<end].dropFirst()), relativeTo: url),
                following.origin == url.origin
            else { throw StorageError.refused("\(what): the next page is not the registry's own") }
            url = following
        }
    }

    private struct Catalog: Decodable {
        var repositories: [String]
    }

    private struct Tags: Decodable {
        var tags: [String]?
    }

    private struct Index: Decodable {
        var results: [Item]

        struct Item: Decodable {
            var name: String
            var description: String?
            var stars: Int?
            var isOfficial: Bool?
            var isAutomated: Bool?

            enum CodingKeys: String, CodingKey {
                case name, description
                case stars = "star_count"
                case isOfficial = "is_official"
                case isAutomated = "is_automated"
            }
        }
    }
}

extension RegistriesConfiguration {
    /// Asks an image's mirrors and then its registry, until one of them can answer. A registry that is not a mirror has
    /// the last word.
    ///
    /// - Throws: `StorageError`.
    func ask<Answer>(
        _ reference: ImageReference, _ access: RegistryAccess, scope: String? = nil,
        _ body: (RegistryClient) throws -> Answer
    ) throws -> Answer {
        var failures: [String] = []
        for source in try sources(for: reference) {
            do {
                return try body(RegistryClient(source, access, .pull, scope: scope))
            } catch let error as StorageError where source.isMirror {
                failures.append("mirror \(source.reference): \(error)")
            } catch let error as StorageError where !failures.isEmpty {
                throw error.during(failures.joined(separator: "; "))
            }
        }
        throw StorageError.invalid("\(reference): no source is configured")
    }
}
