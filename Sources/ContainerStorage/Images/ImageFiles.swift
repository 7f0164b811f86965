internal import LinuxSys

/// The files of an archive or of a layout directory, by name. Names are only looked up, never used as paths of
/// this machine, except in a layout directory, where the kernel keeps them inside.
protocol ImageFiles {
    /// Whether there is a regular file of that name, and its size; links inside the archive are followed.
    func size(_ name: String) throws -> Int64?

    /// The whole of some small files, each at most `limit` bytes.
    ///
    /// - Throws: `StorageError` naming a file that is missing or too large.
    func read(_ names: Set<String>, limit: Int) throws -> [String: [UInt8]]

    /// Gives the content of some files, one after the other in the order that is cheapest.
    func visit(_ names: Set<String>, _ body: (_ name: String, _ content: any ByteSource) throws -> Void) throws
}

extension ImageFiles {
    func read(_ names: Set<String>, limit: Int) throws -> [String: [UInt8]] {
        for name in names {
            guard let size = try size(name) else { throw StorageError.invalid("file \(name.shown) is missing") }
            guard size <= Int64(limit) else {
                throw StorageError.limit("file \(name.shown) has \(size) bytes; \(limit) are allowed")
            }
        }
        var contents: [String: [UInt8]] = [:]
        try visit(names) { name, source in
            var bytes: [UInt8] = []
            while true {
                let more = try source.next()
                if more.isEmpty { break }
                bytes += more
            }
            contents[name] = bytes
        }
        return contents
    }
}

extension String {
    /// For messages: quoted, control characters escaped, cut.
    var shown: String { [UInt8](self).printable }
}

/// A tar archive in a file that can be read again and again: the one given, or an unnamed copy.
final class ArchiveFile: ImageFiles {
    private enum Entry {
        case file(Int64)
        /// Another entry's name.
        case link(String)
        case other
        /// The name comes twice; which one a reader takes is its own choice, so none is taken.
        case ambiguous
    }

    /// An archive of images has a few files for each layer.
    private static let entryLimit = 100_000
    /// Bytes of all their names and of what links say. All of them are kept, however short they were when compressed.
    private static let nameLimit = 16 << 20
    private let file: OwnedFD
    private let start: Int64
    private var entries: [String: Entry] = [:]

    /// Opens an archive, compressed or not. What cannot be read twice, or is compressed, is first copied into a
    /// file without a name below `temporary`.
    init(_ descriptor: consuming OwnedFD, temporary: BeneathDirectory, limits: LayerLimits) throws {
        if let position = descriptor.position, try descriptor.status().type == .regular,
            Compression(prefix: try descriptor.read(upTo: 6, at: position)) == nil
        {
            file = descriptor
            start = position
        } else {
            file = try Self.copy(FileSource(descriptor), temporary, limits)
            start = 0
        }
        try index()
    }

    private static func copy(
        _ source: FileSource, _ temporary: BeneathDirectory, _ limits: LayerLimits
    ) throws -> OwnedFD {
        let stream = try LayerStream(source, limits: limits, hashed: false, space: { try temporary.space() })
        let copy = try opening("make a temporary file") { () throws(Errno) in try temporary.createTemporaryFile() }
        while true {
            let bytes = try stream.content.next()
            if bytes.isEmpty { return copy }
            try doing("copy the archive to a temporary file") { () throws(Errno) in try copy.write(all: bytes) }
        }
    }

    private func index() throws {
        let reader = try ArchiveReader(try source())
        var (count, nameBytes) = (0, 0)
        while let entry = try reader.next() {
            count += 1
            guard count <= Self.entryLimit else {
                throw StorageError.limit("more than \(Self.entryLimit) entries in the archive")
            }
            nameBytes += entry.path.count
            if case .symbolicLink(let target) = entry.kind { nameBytes += target.count }
            if case .hardLink(let target) = entry.kind { nameBytes += target.count }
            guard nameBytes <= Self.nameLimit else {
                throw StorageError.limit("more than \(Self.nameLimit) bytes of names in the archive")
            }
            // A name that is not UTF-8 is nobody's: manifests are.
            guard let path = String(validating: entry.path, as: UTF8.self), let name = Self.normal(path, below: "")
            else { continue }
            let found: Entry
            switch entry.kind {
            case .file: found = .file(entry.size)
            case .symbolicLink(let target):
                found = Self.normal(String(decoding: target, as: UTF8.self), below: name).map { .link($0) } ?? .other
            case .hardLink(let target):
                found = Self.normal(String(decoding: target, as: UTF8.self), below: "").map { .link($0) } ?? .other
            case .directory, .device, .fifo, .other: continue
            }
            entries[name] = entries[name] == nil ? found : .ambiguous
        }
    }

    /// The name without `.`, `..` and doubled slashes; nil if it leaves the archive. `..` is the text's own,
    /// since names in archives lead to entries, not through links.
    private static func normal(_ path: String, below link: String) -> String? {
        var parts = path.hasPrefix("/") || link.isEmpty ? [] : link.split(separator: "/").dropLast().map(String.init)
        for part in path.split(separator: "/") {
            if part == "." { continue }
            if part == ".." {
                guard parts.popLast() != nil else { return nil }
            } else {
                parts.append(String(part))
            }
        }
        return parts.joined(separator: "/")
    }

    /// The entry that a name leads to.
    private func resolve(_ name: String) throws -> (name: String, size: Int64)? {
        guard var current = Self.normal(name, below: "") else { return nil }
        for _ in 0..<8 {
            switch entries[current] {
            case nil, .other: return nil
            case .file(let size): return (current, size)
            case .link(let target): current = target
            case .ambiguous: throw StorageError.invalid("file \(current.shown) is in the archive twice")
            }
        }
        throw StorageError.invalid("file \(name.shown) is a chain of too many links")
    }

    private func source() throws -> FileSource {
        FileSource(try file.duplicate(), from: start)
    }

    func size(_ name: String) throws -> Int64? {
        try resolve(name)?.size
    }

    func visit(_ names: Set<String>, _ body: (String, any ByteSource) throws -> Void) throws {
        var wanted: [String: [String]] = [:]
        for name in names {
            guard let found = try resolve(name) else { throw StorageError.invalid("file \(name.shown) is missing") }
            wanted[found.name, default: []].append(name)
        }
        let reader = try ArchiveReader(try source())
        while !wanted.isEmpty, let entry = try reader.next() {
            guard let path = String(validating: entry.path, as: UTF8.self), let name = Self.normal(path, below: ""),
                let callers = wanted.removeValue(forKey: name)
            else { continue }
            guard let first = callers.first else { continue }
            let content = EntrySource(reader, size: entry.size)
            try body(first, content)
            // Other names of the same file are the same content: each is read on its own.
            for other in callers.dropFirst() { try visit([other], body) }
        }
    }
}

/// One entry's content.
private final class EntrySource: ByteSource {
    private let reader: ArchiveReader
    private var left: Int64

    init(_ reader: ArchiveReader, size: Int64) {
        self.reader = reader
        left = size
    }

    func next() throws -> [UInt8] {
        let bytes = try reader.data()
        left -= Int64(bytes.count)
        if bytes.isEmpty, left > 0 { throw ArchiveError.unreadable("the file ends \(left) bytes too early") }
        return bytes
    }
}

/// An OCI layout in a directory.
struct LayoutDirectory: ImageFiles {
    let directory: BeneathDirectory

    func size(_ name: String) throws -> Int64? {
        do throws(Errno) {
            let status = try directory.target([UInt8](name), links: .refused).status()
            return status.type == .regular ? status.size : nil
        } catch .noSuchFileOrDirectory {
            return nil
        } catch .notDirectory {
            return nil
        }
    }

    func visit(_ names: Set<String>, _ body: (String, any ByteSource) throws -> Void) throws {
        for name in names.sorted() {
            guard try size(name) != nil else { throw StorageError.invalid("file \(name.shown) is missing") }
            try body(name, FileSource(try directory.file([UInt8](name), links: .refused), from: 0))
        }
    }
}
