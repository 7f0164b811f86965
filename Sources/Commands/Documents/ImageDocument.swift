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
            return .map(names.map { ($0, .structure([])) })
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
        // As Podman: Docker's documents have one of their own.
        let comment =
            image.manifestType == ImageMediaType.dockerManifest
            ? configuration.comment : configuration.history?.first?.comment
        return .structure(
            [
                .init("ID", json: "Id", .string(image.id)), .init("Digest", .string(image.manifestDigest)),
                .init("RepoTags", .strings(image.names)), .init("RepoDigests", .strings(image.repositoryDigests)),
                .init("Parent", .string(image.parent ?? "")),
                .init("Comment", .string(comment ?? "")),
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
                .init("NamesHistory", .strings(image.pastNames)),
            ], typeName: "inspect.ImageData")
    }

    /// An element of `images --format json`.
    static func listed(_ image: ImageSummary) -> Value {
        var fields: [Object.Field] = [
            .init("Id", .string(image.id)), .init("ParentId", .string(image.parent ?? "")), .init("RepoTags", .null),
            .init("RepoDigests", .strings(image.repositoryDigests)), .init("Size", .int(image.size)),
            .init("SharedSize", 0), .init("VirtualSize", .int(image.size)),
            .init("Labels", image.labels.map(labels) ?? .null),
            .init("Containers", .int(Int64(image.containers))),
        ]
        if image.isDangling { fields.append(.init("Dangling", true)) }
        if !image.names.isEmpty { fields.append(.init("Names", .strings(image.names))) }
        fields += [
            .init("Digest", .string(image.manifestDigest)), .init("History", .strings(image.pastNames)),
            .init("Created", .int((image.created ?? 0) / 1_000_000_000)),
            .init("CreatedAt", .string(HumanText.timestamp(image.created))),
        ]
        return .structure(fields)
    }

    /// A row of `images`.
    static func row(_ line: ImageLine, truncated: Bool) -> Value {
        let image = line.image
        @Sendable func time() -> Value { .string(line.image.created.map { GoTime(nanoseconds: $0).description } ?? "") }
        return .structure(
            [
                .init("ID", .string(truncated ? String(image.id.prefix(12)) : "sha256:\(image.id)")),
                .init("Id", json: nil, .string(image.id)), .init("Repository", .string(line.repository)),
                .init("Tag", .string(line.tag)), .init("Digest", .string(image.manifestDigest)),
                .init("Created", json: "Created") { .string(line.image.created.map(HumanText.ago) ?? "N/A") },
                .init("CreatedSince", json: "CreatedSince") { .string(line.image.created.map(HumanText.ago) ?? "N/A") },
                .init("CreatedAt", json: "CreatedAt", computed: time),
                .init("CreatedTime", json: "CreatedTime", computed: time),
                .init("Size", json: "Size") { .string(HumanText.size(line.image.size)) },
                .init("VirtualSize", .int(image.size)), .init("SharedSize", 0),
                .init("RepoTags", json: "RepoTags") { .strings(line.image.names) },
                .init("RepoDigests", json: "RepoDigests") { .strings(line.image.repositoryDigests) },
                .init("ParentId", .string(image.parent ?? "")),
                .init("History", json: "History") { .string(line.image.pastNames.joined(separator: ", ")) },
                .init("Dangling", .bool(image.isDangling)), .init("ReadOnly", false),
                .init("Containers", .int(Int64(image.containers))),
                .init("Names", json: "Names") { .strings(line.image.names) },
                .init("Labels", json: "Labels") { line.image.labels.map(labels) ?? .nilMap },
            ], typeName: "images.imageReporter")
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
