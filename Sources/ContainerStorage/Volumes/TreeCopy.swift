internal import LinuxSys

/// Copies a directory's content, by descriptors only: no path is ever joined, no link followed.
///
/// Owner, mode, times, extended attributes, devices, and hard links inside the tree are kept. What is not empty
/// in the target is an error.
struct TreeCopy {
    private let source: BeneathDirectory
    private let target: BeneathDirectory
    /// Files with several names, by device and inode, and where the first copy is.
    private var linked: [FileKey: (directory: [UInt8], name: [UInt8])] = [:]

    private struct FileKey: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    init(from source: BeneathDirectory, to target: BeneathDirectory) {
        self.source = source
        self.target = target
    }

    /// Copies all, and gives the target directory the source's attributes.
    consuming func run() throws(StorageError) {
        // Directories to copy, by their path from the top. The list takes the place of recursion.
        var waiting: [[UInt8]] = [[]]
        var finished: [[UInt8]] = []
        while let path = waiting.popLast() {
            let (from, to) = try doing("open \(path.printable)") { () throws(Errno) in
                (try open(path, in: source), try open(path, in: target))
            }
            let entries = try doing("read \(path.printable)") { () throws(Errno) in try from.entries() }
            for entry in entries {
                let full = path.isEmpty ? entry.name : path + [UInt8(ascii: "/")] + entry.name
                let isDirectory = try doing("copy \(full.printable)") { () throws(Errno) in
                    try copy(entry.name, from, to, path)
                }
                if isDirectory { waiting.append(full) }
            }
            finished.append(path)
        }
        // Last, and inner ones before outer ones: making a file changes its directory's times.
        for path in finished.reversed() {
            try doing("set attributes of \(path.printable)") { () throws(Errno) in
                let from = try open(path, in: source)
                let to = try open(path, in: target)
                try Self.setAttributes(of: to.descriptor, as: from.descriptor, from.descriptor.status())
            }
        }
    }

    private func open(_ path: [UInt8], in top: BeneathDirectory) throws(Errno) -> BeneathDirectory {
        path.isEmpty ? top : try top.directory(path, links: .refused)
    }

    /// Copies one name; a directory is made, and its content left for later.
    private mutating func copy(
        _ name: [UInt8], _ from: BeneathDirectory, _ to: BeneathDirectory, _ path: [UInt8]
    ) throws(Errno) -> Bool {
        let node = try from.node(name)
        let status = try node.status()
        if status.type == .directory {
            try to.makeDirectory(name)
            return true
        }
        if status.links > 1 {
            let key = FileKey(device: status.device, inode: status.inode)
            if let first = linked[key] {
                try to.makeLink(name, to: first.name, in: open(first.directory, in: target))
                return false
            }
            linked[key] = (path, name)
        }
        switch status.type {
        case .regular:
            let file = try from.file(name, links: .refused)
            // The name may lead to another file by now; only what was looked at is copied.
            guard try file.status().inode == status.inode else { throw .resourceTemporarilyUnavailable }
            let copy = try to.createFile(name)
            try copy.copy(from: file)
            try Self.setAttributes(of: copy, as: node, status)
        case .symbolicLink:
            try to.makeSymbolicLink(name, to: from.linkTarget(name))
            try Self.setAttributes(of: to.node(name), as: node, status)
        case .characterDevice where status.isWhiteout: break
        case .characterDevice, .blockDevice, .fifo, .socket:
            guard let type = status.type else { break }
            try to.makeNode(name, type, device: status.represents)
            try Self.setAttributes(of: to.node(name), as: node, status)
        case .directory, nil: break
        }
        return false
    }

    private static func setAttributes(
        of copy: borrowing OwnedFD, as original: borrowing OwnedFD, _ status: FileStatus
    ) throws(Errno) {
        try copy.setOwner(status.owner, group: status.group)
        if status.type != .symbolicLink { try copy.setPermissions(status.permissions) }
        for attribute in try original.extendedAttributes()
        where !attribute.name.starts(with: [UInt8]("trusted.overlay.")) {
            try ignoring(.notSupported) { () throws(Errno) in try copy.setExtendedAttribute(attribute) }
        }
        try copy.setTimes(accessed: status.accessed, modified: status.modified)
    }
}
