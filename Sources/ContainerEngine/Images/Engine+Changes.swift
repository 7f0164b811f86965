internal import ContainerStorage
internal import OCISpec

/// One name that a container or an image has changed: `A`, `C` or `D`, and its path.
public struct ChangedPath: Sendable, Hashable {
    /// `A` for added, `C` for changed, `D` for deleted.
    public var kind: String
    /// The path from the root.
    public var path: String
}

extension Engine {
    /// What has a root file system.
    public enum Subject: Sendable {
        /// A container.
        case container
        /// An image.
        case image
        /// An image, or a container where there is no such image.
        case any
    }

    /// What a container has changed in its image, or an image in the layers below its last one; or, where another
    /// container or image is named, what is different from that.
    ///
    /// - Throws: `EngineError` when one of them is not here.
    public func changes(_ name: String, since other: String? = nil, _ subject: Subject = .any) throws -> [ChangedPath] {
        let (layers, container) = try files(of: name, subject)
        let old: LayerStack
        if let other {
            let (below, otherContainer) = try files(of: other, subject)
            old = LayerStack(below, container: otherContainer)
        } else {
            old = LayerStack(container == nil ? layers.dropLast() : layers)
        }
        let found = try storage().changes(in: LayerStack(layers, container: container), since: old)
        return found.filter { !Self.isMountPoint($0.path) }.map { ChangedPath(kind: $0.kind.rawValue, path: $0.path) }
    }

    /// The layers of a container or an image, the lowest first, and the container's id.
    private func files(of name: String, _ subject: Subject) throws -> (layers: [Digest], container: String?) {
        do {
            if subject != .container { return (try image(name).configuration.rootfs.diffIDs, nil) }
        } catch let error as EngineError where error.kind == .noSuchImage && subject == .any {
            // As Podman, which looks for an image first.
        }
        do {
            let spec = try store.container(name).spec
            return (spec.layers.compactMap { Digest($0) }, spec.id)
        } catch let error as EngineError where error.kind == .noSuchContainer && subject == .any {
            throw EngineError("\(name): there is no such container and no such image", kind: error.kind)
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
