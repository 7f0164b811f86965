internal import LinuxSys
internal import OCISpec

/// Where the files of images go: an archive or a directory.
protocol ImageSink {
    /// Whether a file whose name tells its content is there already.
    func has(_ name: String, _ size: Int64) throws -> Bool

    /// Writes a file of that size.
    func add(_ name: String, _ size: Int64, _ source: any ByteSource) throws

    /// What is there under a name; nil if nothing is.
    func content(_ name: String) throws -> [UInt8]?

    /// Ends it.
    func finish() throws
}

extension ByteSource {
    /// Gives all bytes to a writer.
    ///
    /// - Throws: `StorageError` when they are not as many as they should be.
    fileprivate func copy(_ size: Int64, of name: String, to write: ([UInt8]) throws -> Void) throws {
        var left = size
        while true {
            let bytes = try next()
            if bytes.isEmpty { break }
            left -= Int64(bytes.count)
            guard left >= 0 else { break }
            try write(bytes)
        }
        guard left == 0 else { throw StorageError.invalid("\(name) has not the \(size) bytes that it had") }
    }
}

/// A tar archive.
struct ArchiveSink: ImageSink {
    private let writer: ArchiveWriter

    init(_ file: consuming OwnedFD) throws(ArchiveError) { writer = try ArchiveWriter(tarTo: file) }

    func has(_ name: String, _ size: Int64) -> Bool { false }

    func content(_ name: String) -> [UInt8]? { nil }

    func add(_ name: String, _ size: Int64, _ source: any ByteSource) throws {
        try writer.begin(ArchiveEntry(path: [UInt8](name), kind: .file, size: size))
        try source.copy(size, of: name) { try writer.write($0) }
    }

    func finish() throws { try writer.finish() }
}

/// A directory, made if it is missing.
struct DirectorySink: ImageSink {
    private let root: BeneathDirectory
    private let path: String

    init(_ path: String) throws(StorageError) {
        self.path = path
        root = try doing("open directory \(path)") { () throws(Errno) in
            if !File.exists(path) { try File.makeDirectories(path, mode: 0o755) }
            return try BeneathDirectory(opening: path)
        }
    }

    /// Makes room for an image that is alone in its directory: removes the files of another one.
    ///
    /// - Throws: `StorageError` when something else is there.
    func clear() throws(StorageError) {
        let entries = try doing("list \(path)") { () throws(Errno) in try root.entries() }
        if entries.isEmpty { return }
        guard entries.contains(where: { $0.name == [UInt8](DirectoryImage.version) }) else {
            throw .invalid("\(path): not a containers image directory, don't want to overwrite important data")
        }
        try doing("remove the image in \(path)") { () throws(Errno) in
            for entry in entries where DirectoryImage.isPart(entry.name) && entry.type != .directory {
                try root.unlink(entry.name)
            }
        }
    }

    func has(_ name: String, _ size: Int64) throws -> Bool {
        do throws(Errno) {
            let status = try root.target([UInt8](name), links: .refused).status()
            return status.type == .regular && status.size == size
        } catch .noSuchFileOrDirectory {
            return false
        } catch {
            throw StorageError.system(error, "look at \(path)/\(name)")
        }
    }

    func content(_ name: String) throws -> [UInt8]? {
        do throws(Errno) {
            return try root.file([UInt8](name), links: .refused).readAll(limit: ImageJSON.sizeLimit)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw StorageError.system(error, "read \(path)/\(name)")
        }
    }

    func add(_ name: String, _ size: Int64, _ source: any ByteSource) throws {
        let parts = name.split(separator: "/").map { [UInt8]($0.utf8) }
        guard let last = parts.last else { return }
        var directory = root
        try doing("make directories in \(path)") { () throws(Errno) in
            for part in parts.dropLast() {
                do throws(Errno) { try directory.makeDirectory(part, permissions: 0o755) } catch .fileExists {}
                let inner = try directory.directory(part, links: .refused)
                directory = inner
            }
        }
        // It is seen whole or not at all.
        let temporary = [UInt8](".new-") + last
        do throws(Errno) { try directory.unlink(temporary) } catch .noSuchFileOrDirectory {} catch {
            throw StorageError.system(error, "remove \(path)/\(temporary.printable)")
        }
        let file = try opening("make \(path)/\(name)") { () throws(Errno) in
            try directory.createFile(temporary, permissions: 0o644)
        }
        do {
            try source.copy(size, of: name) { bytes in
                try doing("write \(path)/\(name)") { () throws(Errno) in try file.write(all: bytes) }
            }
            try doing("name \(path)/\(name)") { () throws(Errno) in try directory.replace(last, with: temporary) }
        } catch {
            // The first error is the one to tell.
            try? directory.unlink(temporary)
            throw error
        }
    }

    func finish() {}
}
