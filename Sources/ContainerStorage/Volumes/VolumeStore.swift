internal import LinuxSys

/// Named volumes: `volumes/NAME/_data`, as Podman lays them out.
public final class VolumeStore: Sendable {
    private static let content = [UInt8]("_data")
    private let directory: BeneathDirectory
    private let path: String
    private let trash: Trash

    init(_ directory: BeneathDirectory, path: String, trash: Trash) {
        self.directory = directory
        self.path = path
        self.trash = trash
    }

    /// Checks a volume's or container's name: `[a-zA-Z0-9][a-zA-Z0-9_.-]*`, at most 255 bytes.
    ///
    /// - Throws: `StorageError` with `Code.invalidInput`, in Podman's words.
    public static func check(name: String) throws(StorageError) {
        let isAlphanumeric = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        let others = [UInt8]("_.-")
        guard let first = name.utf8.first, isAlphanumeric(first), name.utf8.count <= 255,
            name.utf8.allSatisfy({ isAlphanumeric($0) || others.contains($0) })
        else {
            throw .invalid(
                "running volume create option: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument")
        }
    }

    /// The directory to mount into containers.
    public func contentPath(_ name: String) -> String { "\(path)/\(name)/_data" }

    /// Makes a volume; one that is there is left as it is.
    ///
    /// - Returns: the path to mount.
    @discardableResult
    public func create(_ name: String) throws(StorageError) -> String {
        try Self.check(name: name)
        try doing("make volume \(name)") { () throws(Errno) in
            try ignoring(.fileExists) { () throws(Errno) in try directory.makeDirectory([UInt8](name)) }
            let volume = try directory.directory([UInt8](name), links: .refused)
            try ignoring(.fileExists) { () throws(Errno) in
                try volume.makeDirectory(Self.content)
                try volume.directory(Self.content, links: .refused).descriptor.setPermissions(0o755)
            }
        }
        return contentPath(name)
    }

    /// Whether the volume is here.
    public func contains(_ name: String) throws(StorageError) -> Bool {
        try Self.check(name: name)
        return try doing("look for volume \(name)") { () throws(Errno) in
            try directory.status([UInt8](name)) != nil
        }
    }

    /// All volumes' names, sorted.
    public func names() throws(StorageError) -> [String] {
        try doing("list the volumes") { () throws(Errno) in
            try directory.entries().compactMap { String(validating: $0.name, as: UTF8.self) }.sorted()
        }
    }

    /// Removes a volume with its content; one that is missing is success. The caller has unmounted it.
    public func remove(_ name: String) throws(StorageError) {
        try Self.check(name: name)
        try trash.discard([UInt8](name), from: directory, what: "volume \(name)")
        try trash.empty()
    }

    /// Fills a new, empty volume with what the image has at the volume's place, and gives it that directory's
    /// owner and mode. A volume that is not empty, or a place that is no directory, is left as it is.
    ///
    /// - Parameters:
    ///   - name: the volume's name.
    ///   - root: the container's root, mounted.
    ///   - place: the path inside it. Links are followed with the container's root as their "/".
    /// - Returns: false if the volume was left as it is.
    /// - Throws: `StorageError` when there is no such volume, or its content cannot be read or copied.
    @discardableResult
    public func copyUp(_ name: String, from root: ContainerFiles, at place: String) throws(StorageError) -> Bool {
        try Self.check(name: name)
        let volume = try doing("open volume \(name)") { () throws(Errno) in
            try directory.directory([UInt8](name), links: .refused).directory(Self.content, links: .refused)
        }
        guard try doing("read volume \(name)", { () throws(Errno) in try volume.isEmpty() }) else { return false }
        let source: BeneathDirectory
        do throws(Errno) {
            source = try root.directory.directory([UInt8](place), links: .inside)
        } catch .noSuchFileOrDirectory {
            return false
        } catch .notDirectory {
            return false
        } catch {
            throw .system(error, "open \(place) in the container")
        }
        try TreeCopy(from: source, to: volume).run()
        return true
    }
}

func ignoring(_ expected: Errno, _ body: () throws(Errno) -> Void) throws(Errno) {
    do throws(Errno) { try body() } catch  where error == expected { return }
}
