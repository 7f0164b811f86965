internal import ContainerEngine
internal import GoTemplate
internal import OCISpec

/// Images as `images` and `inspect` show them.
enum ImageDocument {
    /// The document of `image inspect`.
    static func value(_ image: ImageRecord) -> Value {
        let configuration = image.configuration
        let execution = configuration.config
        var settings: [Object.Field] = []
        func add(_ name: String, _ value: Value?) {
            if let value { settings.append(.init(name, value)) }
        }
        func optional(_ text: String?) -> Value? { (text?.isEmpty ?? true) ? nil : text.map { .string($0) } }
        func keys(_ names: Set<String>?) -> Value? {
            guard let names, !names.isEmpty else { return nil }
            return .map(names.map { ($0, .map([])) })
        }
        add("User", optional(execution?.user))
        add("ExposedPorts", keys(execution?.exposedPorts))
        add("Env", (execution?.environment).map { .strings($0) })
        add("Entrypoint", (execution?.entrypoint).map { .strings($0) })
        add("Cmd", (execution?.command).map { .strings($0) })
        add("Volumes", keys(execution?.volumes))
        add("WorkingDir", optional(execution?.workingDirectory))
        add("Labels", (execution?.labels).map(labels))
        add("StopSignal", optional(execution?.stopSignal))
        return .structure(
            [
                .init("ID", json: "Id", .string(image.id)), .init("Digest", .string(image.manifestDigest)),
                .init("RepoTags", .strings(image.names)), .init("RepoDigests", .strings(image.repositoryDigests)),
                .init("Parent", ""), .init("Comment", .string(configuration.history?.last?.comment ?? "")),
                .init("Created", GoTime(nanoseconds: image.created).value),
                .init("Config", .structure(settings)), .init("Version", ""),
                .init("Author", .string(configuration.author ?? "")),
                .init("Architecture", .string(configuration.architecture ?? "")),
                .init("Os", .string(configuration.os ?? "")), .init("Size", .int(image.size)),
                .init("VirtualSize", .int(image.size)),
                .init(
                    "GraphDriver",
                    .structure([
                        .init("Name", "overlay"),
                        .init("Data", .map([("UpperDir", .string(image.layerPaths.last ?? ""))])),
                    ])),
                .init(
                    "RootFS",
                    .structure([
                        .init("Type", "layers"),
                        .init("Layers", .strings(configuration.rootfs.diffIDs.map(\.description))),
                    ])),
                .init("Labels", (execution?.labels).map(labels) ?? .nilMap), .init("Annotations", .map([])),
                .init("ManifestType", .string(image.manifestType)), .init("User", .string(execution?.user ?? "")),
                .init("History", .array((configuration.history ?? []).map(history))),
                .init("NamesHistory", .strings(image.names)),
            ], typeName: "inspect.ImageData")
    }

    /// An element of `images --format json`.
    static func listed(_ image: ImageSummary) -> Value {
        .structure([
            .init("Id", .string(image.id)), .init("ParentId", ""), .init("RepoTags", .null),
            .init("RepoDigests", .strings(image.repositoryDigests)), .init("Size", .int(image.size)),
            .init("SharedSize", 0), .init("VirtualSize", .int(image.size)),
            .init("Labels", image.labels.map(labels) ?? .null),
            .init("Containers", .int(Int64(image.containers))), .init("Names", .strings(image.names)),
            .init("Digest", .string(image.manifestDigest)), .init("History", .strings(image.names)),
            .init("Created", .int((image.created ?? 0) / 1_000_000_000)),
            .init("CreatedAt", .string(HumanText.timestamp(image.created))),
        ])
    }

    /// The rows of `images`: one for each name, or one of `<none>`.
    static func rows(_ image: ImageSummary, truncated: Bool) -> [Value] {
        var names = image.names.map(split)
        if names.isEmpty {
            let repositories = Set(image.digestNames.compactMap { $0.split(separator: "@").first.map(String.init) })
            names = repositories.sorted().map { ($0, "<none>") }
        }
        @Sendable func time() -> Value { .string(image.created.map { GoTime(nanoseconds: $0).description } ?? "") }
        return (names.isEmpty ? [("<none>", "<none>")] : names).map { repository, tag in
            .structure(
                [
                    .init("ID", .string(truncated ? String(image.id.prefix(12)) : "sha256:\(image.id)")),
                    .init("Id", json: nil, .string(image.id)), .init("Repository", .string(repository)),
                    .init("Tag", .string(tag)), .init("Digest", .string(image.manifestDigest)),
                    .init("Created", json: "Created") { .string(image.created.map(HumanText.ago) ?? "N/A") },
                    .init("CreatedSince", json: "CreatedSince") {
                        .string(image.created.map(HumanText.ago) ?? "N/A")
                    },
                    .init("CreatedAt", json: "CreatedAt", computed: time),
                    .init("CreatedTime", json: "CreatedTime", computed: time),
                    .init("Size", json: "Size") { .string(HumanText.size(image.size)) },
                    .init("VirtualSize", .int(image.size)), .init("SharedSize", 0),
                    .init("RepoTags", json: "RepoTags") { .strings(image.names) },
                    .init("RepoDigests", json: "RepoDigests") { .strings(image.repositoryDigests) },
                    .init("ParentId", ""),
                    .init("History", json: "History") { .string(image.names.joined(separator: ", ")) },
                    .init("Dangling", .bool(image.names.isEmpty)), .init("ReadOnly", false),
                    .init("Containers", .int(Int64(image.containers))),
                    .init("Names", json: "Names") { .strings(image.names) },
                    .init("Labels", json: "Labels") { image.labels.map(labels) ?? .nilMap },
                ], typeName: "images.imageReporter")
        }
    }

    private static func split(_ name: String) -> (String, String) {
        // A colon after the last slash begins the tag; one before it belongs to the registry's port.
        let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) ?? name.startIndex
        guard let colon = name.utf8[slash...].lastIndex(of: UInt8(ascii: ":")) else { return (name, "<none>") }
        return (String(name[..<colon]), String(name[name.index(after: colon)...]))
    }

    private static func labels(_ labels: [String: String]) -> Value {
        .map(labels.map { ($0.key, .string($0.value)) })
    }

    private static func history(_ entry: ImageConfiguration.History) -> Value {
        var fields: [Object.Field] = []
        if let created = entry.created {
            let time = Timestamp(created).map { GoTime(nanoseconds: $0.nanoseconds).value }
            fields.append(.init("Created", json: "created", time ?? .string(created)))
        }
        func add(_ name: String, _ key: String, _ value: Value) {
            fields.append(.init(name, json: key, omitEmpty: true, value))
        }
        add("CreatedBy", "created_by", .string(entry.createdBy ?? ""))
        add("Author", "author", .string(entry.author ?? ""))
        add("Comment", "comment", .string(entry.comment ?? ""))
        add("EmptyLayer", "empty_layer", .bool(entry.emptyLayer ?? false))
        return .structure(fields)
    }
}
