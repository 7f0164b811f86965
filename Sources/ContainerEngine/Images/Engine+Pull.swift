internal import ContainerStorage
internal import LinuxSys
internal import OCISpec

extension Engine {
    /// Gets an image: one that is here, or a registry's, as the policy says.
    ///
    /// - Parameters:
    ///   - name: the image's name; a short one is looked up as registries.conf says. `docker://` may stand before it.
    ///     `docker-archive:PATH`, `oci-archive:PATH` and `oci:DIRECTORY`, each with `:NAME` or without, and `dir:DIRECTORY`
    ///     are loaded.
    ///   - options: whether and how a registry is asked.
    /// - Returns: the image.
    /// - Throws: `StorageError` or `EngineError`, one line; nothing stays of a pull that failed.
    public func pull(_ name: String, _ options: PullOptions) throws -> ImageRecord {
        let name = name.withoutRegistryTransport
        let present = try presentImage(name, options.platform)
        let digits = name.hasPrefix("sha256:") ? String(name.dropFirst(7)) : name
        if let present, present.id.hasPrefix(digits) {
            // No registry knows an image by its id.
            guard options.policy == .always else { return present }
            throw EngineError("pull policy is always but image has been referred to by ID (\(name))")
        }
        switch (options.policy, present) {
        case (.never, nil): throw EngineError("\(name): image not known", kind: .noSuchImage)
        case (.never, let present?), (.missing, let present?): return present
        case (_, nil), (.always, _): return try pullAlways(name, options)
        case (.newer, let present?): return try pullIfNewer(name, than: present, options)
        }
    }

    /// The image of that name that is here, if it is for the machine that is asked for.
    private func presentImage(_ name: String, _ platform: ImagePlatform?) throws -> ImageRecord? {
        do {
            let present = try image(name)
            guard let platform else { return present }
            let configuration = present.configuration
            return platform.os == configuration.os && platform.architecture == configuration.architecture
                ? present : nil
        } catch let error as EngineError where error.kind == .noSuchImage {
            return nil
        }
    }

    private func pullAlways(_ name: String, _ options: PullOptions) throws -> ImageRecord {
        if let place = try ArchivePlace(name) { return try pull(place, options) }
        let registries = try RegistriesConfiguration()
        let resolution = try registries.resolve(name)
        if resolution.isChoice, let choose = options.choose {
            let chosen = try ImageReference(local: choose(resolution.images.map(\.description)))
            let image = try pull(candidate: chosen, registries, options)
            // It is here, whether that can be remembered or not.
            do { try ShortNameAliases.remember(name, as: chosen) } catch { options.observer(.warning("\(error)")) }
            return image
        }
        guard !resolution.isEnforced else { throw RegistriesConfiguration.unanswered(resolution) }
        if let note = resolution.note { options.observer(.note(note)) }
        return try registries.firstAnswer(name, resolution.images) { try pull(candidate: $0, registries, options) }
    }

    /// Gets every image of a repository, one for each tag.
    ///
    /// - Parameters:
    ///   - name: the repository's name; a tag behind it counts for nothing.
    ///   - options: how it is reached.
    /// - Returns: the images, in the order of the registry's tags, each once.
    /// - Throws: as `pull`; what was pulled before stays.
    public func pullAllTags(_ name: String, _ options: PullOptions) throws -> [ImageRecord] {
        if let place = try ArchivePlace(name) {
            throw EngineError("pulling all tags is not supported for \(place.transport.rawValue) transport")
        }
        let name = name.withoutRegistryTransport
        let registries = try RegistriesConfiguration()
        let search = RegistrySearch(registries, options.registry.access)
        let (repository, tags) = try registries.firstAnswer(name, registries.candidates(name)) { candidate in
            (candidate, try search.tags(candidate, limit: .max))
        }
        var images: [ImageRecord] = []
        for tag in tags {
            let image = try pull(candidate: repository.with(tag: tag), registries, options)
            if !images.contains(where: { $0.id == image.id }) { images.append(image) }
        }
        return images
    }

    private func pull(
        candidate: ImageReference, _ registries: RegistriesConfiguration, _ options: PullOptions
    ) throws -> ImageRecord {
        options.observer(.trying(candidate.description))
        do {
            let (puller, remote) = try find(candidate, registries, options)
            return try pull(remote, candidate, puller)
        } catch let error as StorageError where [.notFound, .unauthorized, .unreachable].contains(error.code) {
            throw error.during("initializing source docker://\(candidate)")
        }
    }

    /// The image that is here, unless a registry has another one. Nothing is told then, nor why none has: as Podman.
    private func pullIfNewer(_ name: String, than present: ImageRecord, _ options: PullOptions) throws -> ImageRecord {
        guard try ArchivePlace(name) == nil else { return try pullAlways(name, options) }
        let registries = try RegistriesConfiguration()
        let found: (reference: ImageReference, puller: ImagePuller, remote: RemoteImage)
        do {
            found = try registries.firstAnswer(name, registries.candidates(name)) { candidate in
                let (puller, remote) = try find(candidate, registries, options)
                return (candidate, puller, remote)
            }
        } catch let error as StorageError where error.code != .system {
            return present
        } catch is EngineError {
            return present
        }
        let theirs = [found.remote.manifestDigest, found.remote.topDigest]
        if theirs.contains(where: { $0.description == present.manifestDigest }) { return present }
        options.observer(.trying(found.reference.description))
        do { return try pull(found.remote, found.reference, found.puller) } catch let error as StorageError
            where error.code == .unreachable
        {
            return present
        }
    }

    private func find(
        _ reference: ImageReference, _ registries: RegistriesConfiguration, _ options: PullOptions
    ) throws -> (ImagePuller, RemoteImage) {
        let puller = ImagePuller(into: try storage()) { [observer = options.observer] in observer(TransferEvent($0)) }
        return try timing.measure("read manifest") {
            let remote = try puller.find(
                reference, platform: options.platform, registries: registries, access: options.registry.access)
            return (puller, remote)
        }
    }

    private func pull(_ remote: RemoteImage, _ reference: ImageReference, _ puller: ImagePuller) throws -> ImageRecord {
        // Whoever pulls the same image waits here, and finds it; if this process dies, they take over.
        let name = "pull-\(remote.manifestDigest.hex)"
        let own = try lock(name)
        defer {
            // A lock file that stays is only untidy.
            try? File.remove("\(paths.locks)/\(name)")
            own.release()
        }
        let loaded = try changingStore { () -> LoadedImage in
            var loaded = try timing.measure("pull layers") { try puller.fetch(remote) }
            loaded.names = [reference]
            if remote.topDigest != remote.manifestDigest {
                loaded.names.append(reference.with(digest: remote.topDigest))
            }
            return loaded
        } record: { loaded in
            try record(loaded)
        }
        return try image(loaded.id.hex)
    }
}
