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
        rowType.value { rowFields[$0].find(line, truncated) }
    }

    private static let rowType = StructureType(
        "images.imageReporter", fields: rowFields.map { ($0.name, $0.json) })

    private typealias RowField = (name: String, json: String?, find: @Sendable (ImageLine, _ truncated: Bool) -> Value)

    private static let rowFields: [RowField] = [
        ("ID", "ID", { .string($1 ? String($0.image.id.prefix(12)) : "sha256:\($0.image.id)") }),
        ("Id", nil, { line, _ in .string(line.image.id) }),
        ("Repository", "Repository", { line, _ in .string(line.repository) }),
        ("Tag", "Tag", { line, _ in .string(line.tag) }),
        ("Digest", "Digest", { line, _ in .string(line.image.manifestDigest) }),
        ("Created", "Created", { line, _ in age(line.image) }),
        ("CreatedSince", "CreatedSince", { line, _ in age(line.image) }),
        ("CreatedAt", "CreatedAt", { line, _ in time(line.image) }),
        ("CreatedTime", "CreatedTime", { line, _ in time(line.image) }),
        ("Size", "Size", { line, _ in .string(HumanText.size(line.image.size)) }),
        ("VirtualSize", "VirtualSize", { line, _ in .int(line.image.size) }),
        ("SharedSize", "SharedSize", { _, _ in 0 }),
        ("RepoTags", "RepoTags", { line, _ in .strings(line.image.names) }),
        ("RepoDigests", "RepoDigests", { line, _ in .strings(line.image.repositoryDigests) }),
        ("ParentId", "ParentId", { line, _ in .string(line.image.parent ?? "") }),
        ("History", "History", { line, _ in .string(line.image.pastNames.joined(separator: ", ")) }),
        ("Dangling", "Dangling", { line, _ in .bool(line.image.isDangling) }),
        ("ReadOnly", "ReadOnly", { _, _ in false }),
        ("Containers", "Containers", { line, _ in .int(Int64(line.image.containers)) }),
        ("Names", "Names", { line, _ in .strings(line.image.names) }),
        ("Labels", "Labels", { line, _ in line.image.labels.map(labels) ?? .nilMap }),
    ]

    private static func age(_ image: ImageSummary) -> Value {
        .string(image.created.map(HumanText.ago) ?? "N/A")
    }

    private static func time(_ image: ImageSummary) -> Value {
        .string(image.created.map { GoTime(nanoseconds: $0).description } ?? "")
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
