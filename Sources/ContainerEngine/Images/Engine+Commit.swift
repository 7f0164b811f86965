internal import ContainerRuntime
internal import ContainerStorage
internal import LinuxSys
public import OCISpec

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
    /// For what machine an imported one is; this one where it does not say.
    public var platform: ImagePlatform?
    /// Whether its documents are Docker's, not OCI's.
    public var isDocker = false
    /// Whether it has one layer with everything, and not one more than its base.
    public var isSquashed = false
    /// Whether volumes of the container are volumes of the image, too, and not only those that its base wants.
    public var includesVolumes = false
    /// Whether the container is stopped where it is while its files are read.
    public var pauses = false

    /// An image of which nothing is said.
    public init() {}
}

extension Engine {
    /// Makes an image of a container's image and what has changed in the container.
    ///
    /// - Returns: the image.
    /// - Throws: `EngineError` or `StorageError`; nothing is left then.
    public func commit(_ container: String, _ new: NewImage) throws -> ImageRecord {
        let container = try store.container(container)
        let spec = container.spec
        guard !spec.imageID.isEmpty else { throw EngineError("container \(spec.name) was made of no image") }
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
        for mount in spec.mounts where new.includesVolumes || mount.isAnonymous {
            execution.volumes.insert(mount.destination)
        }
        configuration.config = execution
        if new.isSquashed { configuration.history = [] }
        // Buildah's words, by which Podman's history tells a commit.
        try describe(&configuration, new, createdBy: "/bin/sh", comment: "FROM \(spec.imageName)")
        configuration.comment = new.isDocker ? new.message : nil
        configuration.container = new.isDocker ? spec.id : nil
        configuration.parent = new.isDocker && !new.isSquashed ? "sha256:\(spec.imageID)" : nil
        let runtime = new.pauses && container.isRunning ? try Launcher(self).runtime(spec.runtime) : nil
        try runtime?.pause(spec.id)
        // It may have ended meanwhile.
        defer { try? runtime?.resume(spec.id) }
        return try add(new) {
            new.isSquashed
                ? try storage().squash(
                    container: spec.id, layers: base.configuration.rootfs.diffIDs, configuration, isOCI: !new.isDocker)
                : try storage().assemble(container: spec.id, on: base, configuration, isOCI: !new.isDocker)
        }
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
        let platform = new.platform ?? .host
        configuration.architecture = platform.architecture
        configuration.os = platform.os
        configuration.variant = platform.variant
        try describe(&configuration, new, createdBy: nil, comment: new.message)
        let source = FileSource(file)
        return try add(new) { try storage().assemble(source, on: nil, configuration) }
    }

    private func describe(
        _ configuration: inout ImageConfiguration, _ new: NewImage, createdBy: String?, comment: String?
    ) throws {
        let now = Timestamp(nanoseconds: Clock.now).description
        var execution = configuration.config ?? .init()
        for change in new.changes {
            // As Podman: OCI's documents have no place for it.
            if change.uppercased().hasPrefix("ONBUILD") {
                warn("ONBUILD is not supported, \(change) is ignored")
            } else {
                try ImageChange.apply(change, to: &execution)
            }
        }
        configuration.config = execution
        configuration.created = now
        configuration.author = new.author ?? configuration.author
        var step = ImageConfiguration.History()
        step.created = now
        step.createdBy = createdBy
        step.author = new.author
        step.comment = comment
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
}
