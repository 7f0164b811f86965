internal import LinuxSys

/// Applies one layer's entries to an empty directory, in overlayfs' form of whiteouts.
///
/// A whiteout becomes a character device 0:0, an opaque directory gets `trusted.overlay.opaque=y` (kernel
/// overlayfs.rst). Links are followed on the way to an entry, with the directory as their root; the entry itself
/// is always made new in its parent's descriptor. Nothing can land outside.
final class LayerUnpacker {
    private static let opaque = ExtendedAttribute(name: [UInt8]("trusted.overlay.opaque"), value: [UInt8]("y"))

    private let root: BeneathDirectory
    private let trash: Trash
    private let limits: LayerLimits
    /// The parent used last, for most entries follow one of the same directory; and the time that it had before: making
    /// a file in it changes that. It gets it back when it is left, so that no list of directories grows with the layer.
    /// The path is nil if it may lead elsewhere by now.
    private var current: (path: [UInt8]?, directory: BeneathDirectory, modified: FileTime)?
    /// Whether the layer hides all layers below.
    private(set) var isOpaque = false

    init(_ root: BeneathDirectory, trash: Trash, limits: LayerLimits) {
        self.root = root
        self.trash = trash
        self.limits = limits
    }

    /// Applies the entries of a tar stream that is not compressed.
    ///
    /// - Throws: `StorageError` naming the entry, `ArchiveError`, or what the source threw.
    func apply(_ source: any ByteSource) throws {
        let outline = TarOutline(source, paxLimit: limits.paxBytes)
        let reader = try ArchiveReader(outline)
        var count = 0
        while let entry = try reader.next() {
            count += 1
            guard count <= limits.entries else { throw StorageError.limit("more than \(limits.entries) entries") }
            do {
                try outline.expect(entryAt: entry.position)
                try apply(entry, reader)
            } catch let error as StorageError {
                throw error.during("entry \(entry.path.printable)")
            } catch let error as Errno {
                throw StorageError.system(error, "entry \(entry.path.printable)")
            } catch let error as ArchiveError {
                if case .write(let code) = error {
                    throw StorageError.system(code, "entry \(entry.path.printable): write its content")
                }
                throw StorageError.invalid("entry \(entry.path.printable): \(error)")
            }
        }
        try leaveParent()
    }

    private func apply(_ entry: ArchiveEntry, _ reader: ArchiveReader) throws {
        try check(entry)
        let name = try EntryName(entry.path, limits: limits)
        switch try name.meaning() {
        case .ignored: return
        case .root:
            // Podman leaves the root directory's own mode and owner alone: always 0555 and root.
            guard entry.kind == .directory else { throw StorageError.invalid("the root of a layer is a directory") }
        case .opaque:
            guard let parent = try parent(of: name, forWhiteout: true) else { return }
            try parent.descriptor.setExtendedAttribute(Self.opaque)
            if name.parents.isEmpty { isOpaque = true }
        case .whiteout(let hidden):
            guard let parent = try parent(of: name, forWhiteout: true) else { return }
            try whiteOut(hidden, in: parent, entry)
        case .file(let last):
            guard let parent = try parent(of: name, forWhiteout: false) else { return }
            try make(entry, last, in: parent, reader)
        }
    }

    private func check(_ entry: ArchiveEntry) throws(StorageError) {
        // A pax name that is not UTF-8 is kept as it is; all else that libarchive puts right is refused.
        if let warning = entry.warning, !warning.contains("can't be converted") { throw .invalid(warning) }
        for id in [entry.owner, entry.group] {
            // 2^32 - 1 means "leave it" to chown(2) and is nobody's id.
            guard (0..<Int64(UInt32.max)).contains(id) else { throw .invalid("\(id) is no user or group id") }
        }
        guard entry.size >= 0 else { throw .invalid("a size of \(entry.size) bytes") }
        switch entry.kind {
        case .hardLink where entry.size > 0, .directory where entry.size > 0:
            throw .invalid("a link or directory with content, which readers disagree about")
        case .device(.characterDevice, DeviceNumber(major: 0, minor: 0)):
            throw .invalid("a character device 0:0, overlayfs' own mark of a deleted file")
        case .other(let type): throw .invalid("a file of unknown type 0\(String(type, radix: 8))")
        case .file, .directory, .symbolicLink, .hardLink, .device, .fifo: return
        }
    }

    // MARK: Parents

    /// The entry's directory, made if it is missing. For a whiteout: nil where there is nothing left to hide,
    /// because the directory itself was deleted or replaced here.
    private func parent(of name: EntryName, forWhiteout: Bool) throws -> BeneathDirectory? {
        let path = name.parentPath(name.parents.count)
        if let current, current.path == path { return current.directory }
        try leaveParent()
        if name.parents.isEmpty { return root }
        let directory: BeneathDirectory
        do throws(Errno) {
            directory = try root.directory(path, links: .inside)
        } catch .noSuchFileOrDirectory {
            guard let made = try makeParents(of: name, forWhiteout) else { return nil }
            directory = made
        } catch .notDirectory {
            guard let made = try makeParents(of: name, forWhiteout) else { return nil }
            directory = made
        } catch {
            throw StorageError.system(error, "open its directory inside the layer")
        }
        current = (path, directory, try directory.descriptor.status().modified)
        return directory
    }

    private func leaveParent() throws(Errno) {
        guard let (_, directory, modified) = current else { return }
        current = nil
        try directory.descriptor.setTimes(accessed: modified, modified: modified)
    }

    private func keepingTime(of directory: BeneathDirectory, _ body: () throws(Errno) -> Void) throws(Errno) {
        let modified = try directory.descriptor.status().modified
        try body()
        try directory.descriptor.setTimes(accessed: modified, modified: modified)
    }

    private func makeParents(of name: EntryName, _ forWhiteout: Bool) throws -> BeneathDirectory? {
        var directory = root
        for (index, component) in name.parents.enumerated() {
            let existing = try directory.status(component)
            switch existing?.type {
            case nil:
                try keepingTime(of: directory) { () throws(Errno) in try makeDirectory(component, in: directory) }
            case .directory: break
            case .symbolicLink:
                // Its target may be anywhere inside; what is missing there is not made, as in Podman.
                let path = name.parentPath(index + 1)
                directory = try doing("follow the link \(component.printable) on its way inside the layer") {
                    () throws(Errno) in try root.directory(path, links: .inside)
                }
                continue
            case .some:
                if forWhiteout { return nil }
                guard existing?.isWhiteout == true else {
                    throw StorageError.invalid("\(component.printable) on its way is no directory")
                }
                try keepingTime(of: directory) { () throws(Errno) in
                    try directory.unlink(component)
                    try makeDirectory(component, in: directory)
                }
                try directory.directory(component, links: .refused).descriptor.setExtendedAttribute(Self.opaque)
            }
            directory = try directory.directory(component, links: .refused)
        }
        return directory
    }

    private func makeDirectory(_ name: [UInt8], in parent: BeneathDirectory) throws(Errno) {
        try parent.makeDirectory(name)
        try parent.directory(name, links: .refused).descriptor.setPermissions(0o755)
    }

    // MARK: Entries

    /// A name of this layer hides the one below by itself; a directory does not, unless it is opaque.
    private func whiteOut(_ name: [UInt8], in parent: BeneathDirectory, _ entry: ArchiveEntry) throws(Errno) {
        switch try parent.status(name)?.type {
        case nil:
            try parent.makeNode(name, .characterDevice, device: DeviceNumber(major: 0, minor: 0), permissions: 0)
            try parent.node(name).setOwner(UInt32(entry.owner), group: UInt32(entry.group))
        case .directory:
            try parent.directory(name, links: .refused).descriptor.setExtendedAttribute(Self.opaque)
        case .some: return
        }
    }

    private func make(
        _ entry: ArchiveEntry, _ last: [UInt8], in parent: BeneathDirectory, _ reader: ArchiveReader
    ) throws {
        let existing = try parent.status(last)
        if let existing, existing.type != .directory || entry.kind != .directory {
            // The last entry of a name wins. What is replaced is never followed or written to.
            if existing.type == .directory {
                try trash.discard(last, from: parent, what: "what \(last.printable) replaces")
            } else {
                try parent.unlink(last)
            }
            // A path through what was there leads elsewhere now.
            current?.path = nil
        }
        switch entry.kind {
        case .file:
            let file = try parent.createFile(last)
            try reader.write(entry, to: file)
            try setAttributes(of: file, entry)
            try file.setTimes(accessed: entry.modified, modified: entry.modified)
        case .directory:
            if existing?.type != .directory { try parent.makeDirectory(last) }
            let directory = try parent.directory(last, links: .refused)
            try setAttributes(of: directory.descriptor, entry)
            if existing?.isWhiteout == true { try directory.descriptor.setExtendedAttribute(Self.opaque) }
            try directory.descriptor.setTimes(accessed: entry.modified, modified: entry.modified)
        case .symbolicLink(let target):
            guard !target.isEmpty, target.count <= limits.pathBytes else {
                throw StorageError.invalid("a symbolic link to a name of \(target.count) bytes")
            }
            try parent.makeSymbolicLink(last, to: target)
            try finish(parent.node(last), entry, permissions: false)
        case .hardLink(let target): try link(last, in: parent, to: target)
        case .device(let type, let number):
            try parent.makeNode(last, type, device: number)
            try finish(parent.node(last), entry, permissions: true)
        case .fifo:
            try parent.makeNode(last, .fifo, device: DeviceNumber(major: 0, minor: 0))
            try finish(parent.node(last), entry, permissions: true)
        case .other: return
        }
    }

    /// The target is looked up inside the layer; the attributes are those of the first name, which it shares.
    private func link(_ name: [UInt8], in parent: BeneathDirectory, to target: [UInt8]) throws {
        let target = try EntryName(target, limits: limits)
        guard case .file(let existing) = try target.meaning() else {
            throw StorageError.invalid("a hard link to the root or to a whiteout")
        }
        let directory =
            target.parents.isEmpty
            ? root
            : try doing("hard link to \(existing.printable): open its directory inside the layer") {
                () throws(Errno) in
                try root.directory(target.parentPath(target.parents.count), links: .inside)
            }
        guard let status = try directory.status(existing), !status.isWhiteout else {
            throw StorageError.invalid("a hard link to \(existing.printable), which is not in this layer")
        }
        guard status.type != .directory else { throw StorageError.invalid("a hard link to a directory") }
        try doing("hard link to \(existing.printable)") { () throws(Errno) in
            try parent.makeLink(name, to: existing, in: directory)
        }
    }

    // MARK: Attributes

    private func finish(_ node: borrowing OwnedFD, _ entry: ArchiveEntry, permissions: Bool) throws {
        try node.setOwner(UInt32(entry.owner), group: UInt32(entry.group))
        if permissions { try node.setPermissions(entry.permissions) }
        try setExtendedAttributes(of: node, entry)
        try node.setTimes(accessed: entry.modified, modified: entry.modified)
    }

    /// In this order: chown clears set-id bits and file capabilities.
    private func setAttributes(of file: borrowing OwnedFD, _ entry: ArchiveEntry) throws {
        try file.setOwner(UInt32(entry.owner), group: UInt32(entry.group))
        try file.setPermissions(entry.permissions)
        try setExtendedAttributes(of: file, entry)
    }

    private func setExtendedAttributes(of file: borrowing OwnedFD, _ entry: ArchiveEntry) throws {
        for attribute in entry.attributes where Self.isKept(attribute.name) {
            guard attribute.value.count <= limits.attributeBytes, attribute.name.count <= 255 else {
                throw StorageError.limit("extended attribute \(attribute.name.printable) is too large")
            }
            do throws(Errno) {
                try file.setExtendedAttribute(attribute)
            } catch .notSupported {
                continue  // This file system has none of that namespace; Podman goes on as well.
            } catch .notPermitted where attribute.name.starts(with: [UInt8]("user.")) {
                continue  // xattr(7): user attributes are for files and directories only.
            } catch {
                throw StorageError.system(error, "set extended attribute \(attribute.name.printable)")
            }
        }
    }

    /// overlayfs' own attributes could forge whiteouts and redirects to other layers; security modules' labels
    /// belong to the machine that wrote them.
    static func isKept(_ name: [UInt8]) -> Bool {
        if name.starts(with: [UInt8]("trusted.overlay.")) || name.starts(with: [UInt8]("user.overlay.")) {
            return false
        }
        return !name.starts(with: [UInt8]("security.")) || name == [UInt8]("security.capability")
    }
}
