internal import LinuxSys

/// Writes a directory in overlayfs' form as a layer, what `LayerUnpacker` undoes (OCI image-spec, layer.md), or a root
/// file system.
///
/// Only descriptors are used: no path is joined, no link followed.
struct LayerPacker {
    private static let opaque = [UInt8]("trusted.overlay.opaque")
    /// What a runtime makes in the upper directory so that it can mount something there: no change of the user's.
    private static let mountPoints: Set<[UInt8]> = Set(
        ["etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab", "run/.containerenv"].map { [UInt8]($0) })

    private let root: BeneathDirectory
    /// Whether it is a container's changes, not all of its root.
    private let isLayer: Bool
    private let writer: ArchiveWriter
    /// Files with several names, by device and inode, and the first name.
    private var linked: [FileKey: [UInt8]] = [:]

    private struct FileKey: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    init(_ root: BeneathDirectory, to file: consuming OwnedFD, isLayer: Bool = true) throws(ArchiveError) {
        self.root = root
        self.isLayer = isLayer
        writer = try ArchiveWriter(tarTo: file)
    }

    /// Writes everything, names in the order of their bytes, and the archive's end.
    ///
    /// - Throws: `StorageError` naming the entry; `ArchiveError`.
    consuming func run() throws {
        // The list takes the place of recursion; a directory's content follows it.
        var waiting: [[UInt8]] = [[]]
        while let path = waiting.popLast() {
            guard let directory = try directory(path) else { continue }
            let entries = try doing("read \(path.printable)") { () throws(Errno) in try directory.entries() }
            var below: [[UInt8]] = []
            for entry in entries.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
                let full = path.isEmpty ? entry.name : path + [UInt8(ascii: "/")] + entry.name
                do {
                    if try add(entry.name, in: directory, as: full, below: path) { below.append(full) }
                } catch .noSuchFileOrDirectory as Errno {
                    continue  // A container that runs may remove what was just listed.
                } catch let error as Errno {
                    throw StorageError.system(error, "read \(full.printable)")
                }
            }
            waiting += below.reversed()
        }
        try writer.finish()
    }

    /// A directory that was listed; nil when a container that runs has put something else in its place since, or nothing.
    private func directory(_ path: [UInt8]) throws(StorageError) -> BeneathDirectory? {
        if path.isEmpty { return root }
        do throws(Errno) { return try root.directory(path, links: .refused) } catch
            where [.noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels].contains(error)
        {
            return nil
        } catch {
            throw StorageError.system(error, "open \(path.printable)")
        }
    }

    /// Adds one name; whether it is a directory, whose content comes later.
    private mutating func add(
        _ name: [UInt8], in directory: BeneathDirectory, as full: [UInt8], below path: [UInt8]
    ) throws -> Bool {
        let node = try directory.node(name)
        let status = try node.status()
        if isLayer, status.isWhiteout {
            let hidden = (path.isEmpty ? [] : path + [UInt8(ascii: "/")]) + [UInt8](".wh.") + name
            try writer.begin(ArchiveEntry(path: hidden, kind: .file))
            return false
        }
        if isLayer, status.type == .regular, status.size == 0, Self.mountPoints.contains(full) { return false }
        guard let kind = try kind(status, name, directory) else { return false }
        var entry = header(full, status, kind)
        if status.type != .directory, status.links > 1 {
            let key = FileKey(device: status.device, inode: status.inode)
            if let first = linked[key] {
                entry.kind = .hardLink(first)
                entry.size = 0
                try writer.begin(entry)
                return false
            }
            linked[key] = full
        }
        let attributes = try node.extendedAttributes()
        entry.attributes = attributes.filter { LayerUnpacker.isKept($0.name) }
        try writer.begin(entry)
        if status.type == .regular { try copy(try directory.file(name, links: .refused), entry.size) }
        if isLayer, status.type == .directory, attributes.contains(where: { $0.name == Self.opaque }) {
            try writer.begin(ArchiveEntry(path: full + [UInt8]("/.wh..wh..opq"), kind: .file))
        }
        return status.type == .directory
    }

    /// What kind of entry it becomes; nil for a socket, which is its server's, and has no place in any archive.
    private func kind(
        _ status: FileStatus, _ name: [UInt8], _ directory: BeneathDirectory
    ) throws(Errno) -> ArchiveEntryKind? {
        switch status.type {
        case .regular: .file
        case .directory: .directory
        case .symbolicLink: .symbolicLink(try directory.linkTarget(name))
        case .characterDevice, .blockDevice: .device(status.type ?? .characterDevice, status.represents)
        case .fifo: .fifo
        case .socket, nil: nil
        }
    }

    private func header(_ full: [UInt8], _ status: FileStatus, _ kind: ArchiveEntryKind) -> ArchiveEntry {
        var entry = ArchiveEntry(
            path: status.type == .directory ? full + [UInt8(ascii: "/")] : full, kind: kind,
            permissions: status.permissions, size: status.type == .regular ? status.size : 0)
        entry.owner = Int64(status.owner)
        entry.group = Int64(status.group)
        entry.modified = status.modified
        return entry
    }

    /// Copies a file that may grow or shrink meanwhile: as many bytes as its header says.
    private func copy(_ file: consuming OwnedFD, _ size: Int64) throws {
        let source = FileSource(file, from: 0)
        var left = size
        while left > 0 {
            var bytes = try source.next()
            if bytes.isEmpty { bytes = [UInt8](repeating: 0, count: Int(min(left, 1 << 20))) }
            if Int64(bytes.count) > left { bytes.removeLast(bytes.count - Int(left)) }
            try writer.write(bytes)
            left -= Int64(bytes.count)
        }
    }
}
