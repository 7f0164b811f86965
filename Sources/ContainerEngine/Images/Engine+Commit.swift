internal import ContainerStorage
internal import LinuxSys
internal import OCISpec

/// What `commit` and `import` say of the image that they make.
public struct NewImage: Sendable {
    /// Its name; none if nil.
    public var name: String?
    /// Instructions of a Dockerfile.
    public var changes: [String] = []
    /// A remark for its history.
    public var message: String?
    /// Who made it.
    public var author: String?

    /// An image of which nothing is said.
    public init() {}
}

/// One name that a container or an image has changed: `A`, `C` or `D`, and its path.
public struct ChangedPath: Sendable, Hashable {
    /// `A` for added, `C` for changed, `D` for deleted.
    public var kind: String
    /// The path from the root.
    public var path: String
}

extension Engine {
    /// Makes an image of a container's image and what has changed in the container.
    ///
    /// - Returns: the image.
    /// - Throws: `EngineError` or `StorageError`; nothing is left then.
    public func commit(_ container: String, _ new: NewImage) throws -> ImageRecord {
        let spec = try store.container(container).spec
        guard !spec.imageID.isEmpty else { throw EngineError("container \(container) was made of no image") }
        let base = try storedImage(spec.imageID)
        var configuration = base.configuration
        // How the container was run is how the image is, too (Podman's libpod/container_commit.go).
        var execution = configuration.config ?? .init()
        execution.entrypoint = spec.entrypoint
        execution.command = spec.command
        execution.environment = spec.environment
        execution.workingDirectory = spec.workingDirectory
        execution.user = spec.user
        execution.labels = spec.labels
        execution.exposedPorts.formUnion(spec.exposedPorts)
        configuration.config = execution
        try describe(&configuration, new, createdBy: spec.arguments.joined(separator: " "))
        return try add(new) { try storage().assemble(container: spec.id, on: base, configuration) }
    }

    /// Makes an image of a tar archive, compressed or not, that holds a root file system.
    ///
    /// - Parameters:
    ///   - path: the archive; standard input if nil.
    ///   - new: what to say of the image.
    /// - Returns: the image.
    /// - Throws: `EngineError` or `StorageError`; nothing is left then.
    public func importImage(_ path: String?, _ new: NewImage) throws -> ImageRecord {
        try SignaturePolicy().check(.rootArchive(path ?? "-"))
        let file: OwnedFD
        do throws(Errno) {
            file = if let path { try OwnedFD.open(path, .read) } else { try StandardStream.duplicate(0) }
        } catch {
            throw EngineError("open \(path ?? "standard input"): \(error)")
        }
        var configuration = ImageConfiguration(rootfs: .init(diffIDs: []))
        configuration.architecture = ImagePlatform.host.architecture
        configuration.os = ImagePlatform.host.os
        configuration.variant = ImagePlatform.host.variant
        try describe(&configuration, new, createdBy: nil)
        let source = FileSource(file)
        return try add(new) { try storage().assemble(source, on: nil, configuration) }
    }

    private func describe(_ configuration: inout ImageConfiguration, _ new: NewImage, createdBy: String?) throws {
        let now = Timestamp(nanoseconds: Clock.now).description
        var execution = configuration.config ?? .init()
        for change in new.changes { try ImageChange.apply(change, to: &execution) }
        configuration.config = execution
        configuration.created = now
        configuration.author = new.author ?? configuration.author
        var step = ImageConfiguration.History()
        step.created = now
        step.createdBy = createdBy
        step.author = new.author
        step.comment = new.message
        // A base that tells nothing of its layers would have its steps counted wrongly.
        let told = configuration.history ?? configuration.rootfs.diffIDs.map { _ in .init() }
        configuration.history = told + [step]
    }

    private func add(_ new: NewImage, _ make: () throws -> LoadedImage) throws -> ImageRecord {
        let name = try new.name.map { try ImageReference(local: $0) }
        let added = try changingStore {
            var image = try make()
            image.names = name.map { [$0] } ?? []
            return image
        } record: { image in
            try record(image)
        }
        return try image(added.id.hex)
    }

    /// What a container has changed in its image, or, where there is no such container, an image in the layers below
    /// its last one.
    ///
    /// - Throws: `EngineError` when there is neither.
    public func changes(_ name: String) throws -> [ChangedPath] {
        let found: [LayerChange]
        do {
            let spec = try store.container(name).spec
            found = try storage().changes(container: spec.id, layers: spec.layers.compactMap { Digest($0) })
        } catch let error as EngineError where error.kind == .noSuchContainer {
            found = try storage().changes(layers: image(name).configuration.rootfs.diffIDs)
        }
        return found.filter { !Self.isMountPoint($0.path) }.map {
            ChangedPath(kind: $0.kind.rawValue, path: $0.path)
        }
    }

    /// What the runtime makes so that it can mount something there (Podman's list, libpod/diff.go).
    private static func isMountPoint(_ path: String) -> Bool {
        [
            "/dev", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/proc", "/run", "/run/notify",
            "/run/.containerenv", "/run/secrets", "/sys", "/etc/mtab",
        ].contains(path)
    }
}
