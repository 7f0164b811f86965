internal import CLinux
internal import Glibc

/// Reads a tar stream (ustar, pax, GNU) that is not compressed, entry by entry.
@safe
public final class ArchiveReader {
    private let feed: Feed
    private let archive: OpaquePointer

    /// Starts on `source`. Nothing is read yet.
    ///
    /// - Throws: `ArchiveError.libraryMissing`.
    public init(_ source: any ByteSource) throws {
        try Feed.load()
        feed = Feed(source)
        // SAFETY: the feed outlives the archive: deinit closes the archive, and it reads only in our calls.
        let opened = unsafe clinux_archive_open_tar(feed.context, feedRead, feedSkip)
        guard let opened = unsafe opened else { throw feed.takeFailure() ?? ArchiveError.unreadable("no memory") }
        unsafe archive = opened
    }

    deinit {
        unsafe clinux_archive_close(archive)
    }

    /// The next entry; what was not read of the one before is skipped. Nil at the end.
    ///
    /// - Throws: `ArchiveError.unreadable`, or what the source threw.
    public func next() throws -> ArchiveEntry? {
        var header = unsafe clinux_archive_header()
        feed.nextEntry()
        let result = unsafe clinux_archive_next(archive, &header)
        switch result {
        case 0:
            if let failure = feed.takeFailure() { throw failure }
            return nil
        case 1: return unsafe entry(header, warning: nil)
        case 2: return unsafe entry(header, warning: String(cString: clinux_archive_message(archive)))
        default: throw unsafe feed.takeFailure() ?? Self.error(archive)
        }
    }

    /// The next bytes of the current entry; empty at its end.
    ///
    /// - Throws: `ArchiveError.unreadable`, also for a sparse file, or what the source threw.
    public func data() throws -> [UInt8] {
        try unsafe feed.data(archive)
    }

    /// Writes the current entry's content to a file, leaving holes out, and gives the file its length.
    ///
    /// - Throws: `ArchiveError.write` with the file's error, `ArchiveError.unreadable`, or what the source threw.
    public func write(_ entry: ArchiveEntry, to file: borrowing OwnedFD) throws {
        var code: Int32 = 0
        let end = unsafe clinux_archive_write(archive, file.raw, entry.size, &code)
        if end < 0 {
            if let failure = feed.takeFailure() { throw failure }
            if code == EFBIG { throw ArchiveError.unreadable("more content than the header says") }
            if code != 0 { throw ArchiveError.write(Errno(rawValue: code)) }
            throw unsafe Self.error(archive)
        }
        if end < entry.size {
            do throws(Errno) { try file.truncate(to: entry.size) } catch { throw ArchiveError.write(error) }
        }
    }

    private func entry(_ header: clinux_archive_header, warning: String?) -> ArchiveEntry {
        let kind: ArchiveEntryKind
        let device = DeviceNumber(major: unsafe header.device_major, minor: unsafe header.device_minor)
        if let target = unsafe header.hardlink {
            kind = .hardLink(unsafe bytes(target))
        } else {
            switch unsafe FileType(rawValue: header.mode & 0o170000) {
            case .regular: kind = .file
            case .directory: kind = .directory
            case .symbolicLink: kind = .symbolicLink(unsafe header.symlink.map { unsafe bytes($0) } ?? [])
            case .characterDevice: kind = .device(.characterDevice, device)
            case .blockDevice: kind = .device(.blockDevice, device)
            case .fifo: kind = .fifo
            case .socket, nil: kind = .other(unsafe header.mode & 0o170000)
            }
        }
        return unsafe ArchiveEntry(
            path: header.path.map { unsafe bytes($0) } ?? [], kind: kind, permissions: header.mode & 0o7777,
            owner: header.owner, group: header.group,
            modified: FileTime(seconds: header.modified, nanoseconds: header.modified_nanoseconds),
            size: header.size, position: header.position, attributes: attributes(), warning: warning)
    }

    private func attributes() -> [ExtendedAttribute] {
        var found: [ExtendedAttribute] = []
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while unsafe clinux_archive_next_xattr(archive, &name, &value, &size) == 1 {
            guard let name = unsafe name else { continue }
            // SAFETY: libarchive keeps name and value, which has `size` bytes, until the next header.
            let content = unsafe UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : size)
            found.append(ExtendedAttribute(name: unsafe bytes(name), value: unsafe Array(content)))
        }
        return found
    }

    fileprivate static func error(_ archive: OpaquePointer) -> ArchiveError {
        .unreadable(unsafe String(cString: clinux_archive_message(archive)))
    }
}

/// Decompresses one stream.
@safe
public final class Decompressor: ByteSource {
    private let feed: Feed
    private let archive: OpaquePointer
    private let compression: Compression
    private var started = false

    /// Starts on `source`.
    ///
    /// - Throws: `ArchiveError.libraryMissing`, or `.unreadable` when this libarchive cannot do `compression`.
    public init(_ source: any ByteSource, _ compression: Compression) throws {
        try Feed.load()
        feed = Feed(source)
        self.compression = compression
        // SAFETY: as in ArchiveReader.
        let opened = unsafe clinux_archive_open_filter(feed.context, feedRead, compression.code)
        guard let opened = unsafe opened else {
            throw ArchiveError.unreadable("this libarchive cannot read \(compression.rawValue)")
        }
        unsafe archive = opened
    }

    deinit {
        unsafe clinux_archive_close(archive)
    }

    /// The next bytes of the content.
    ///
    /// - Throws: `ArchiveError.unreadable` when the stream is damaged or ends too early, or what the source threw.
    public func next() throws -> [UInt8] {
        if !started {
            started = true
            var header = unsafe clinux_archive_header()
            let result = unsafe clinux_archive_next(archive, &header)
            if result < 0 { throw feed.takeFailure() ?? Self.unusable(compression) }
            if result == 0 { return [] }
        }
        return try unsafe feed.data(archive)
    }
}

extension Decompressor {
    /// libarchive has no better words for a stream whose first bytes do not decompress than "unrecognized format".
    private static func unusable(_ compression: Compression) -> ArchiveError {
        let window = compression == .zstd ? ", or needs a window of more than 128 MiB" : ""
        return .unreadable("the \(compression.rawValue) stream is damaged\(window)")
    }
}

private func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
    // SAFETY: libarchive's texts end with NUL.
    unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
}

/// Carries a source's bytes to libarchive's callbacks, and its errors back.
@safe
private final class Feed {
    private let source: any ByteSource
    private var block: UnsafeMutableRawBufferPointer
    private var error: (any Error)?
    /// Where the next byte of the current entry's content belongs.
    private var position: Int64 = 0

    init(_ source: any ByteSource) {
        self.source = source
        unsafe block = .allocate(byteCount: 256 << 10, alignment: 16)
    }

    deinit {
        unsafe block.deallocate()
    }

    static func load() throws {
        if clinux_archive_load() != 0 {
            throw unsafe ArchiveError.libraryMissing(String(cString: clinux_archive_load_error()))
        }
    }

    var context: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }

    func takeFailure() -> (any Error)? {
        defer { error = nil }
        return error
    }

    func read(_ address: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        do {
            let bytes = try source.next()
            if unsafe bytes.count > block.count {
                unsafe block.deallocate()
                unsafe block = .allocate(byteCount: bytes.count, alignment: 16)
            }
            // SAFETY: the block has room; it keeps its address until the next read, as libarchive asks.
            unsafe block.copyBytes(from: bytes)
            unsafe address.pointee = UnsafeRawPointer(block.baseAddress)
            return bytes.count
        } catch {
            self.error = error
            return -1
        }
    }

    /// The next block of the current entry's content.
    func data(_ archive: OpaquePointer) throws -> [UInt8] {
        var block: UnsafeRawPointer?
        var size = 0
        var offset: Int64 = 0
        while true {
            let result = unsafe clinux_archive_data(archive, &block, &size, &offset)
            if result < 0 { throw unsafe takeFailure() ?? ArchiveReader.error(archive) }
            if result == 0 { return [] }
            if size == 0 { continue }
            guard offset == position else { throw ArchiveError.unreadable("a sparse file inside the archive") }
            position += Int64(size)
            // SAFETY: the block has `size` bytes until the next call.
            return unsafe Array(UnsafeRawBufferPointer(start: block, count: size))
        }
    }

    func nextEntry() {
        position = 0
    }

    func skip(_ count: Int64) -> Int64 {
        do { return try source.skip(count) } catch {
            self.error = error
            return -1
        }
    }
}

private func feedRead(_ context: UnsafeMutableRawPointer, _ block: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
    // SAFETY: `context` is the feed of the archive that calls, which holds it.
    unsafe Unmanaged<Feed>.fromOpaque(context).takeUnretainedValue().read(block)
}

private func feedSkip(_ context: UnsafeMutableRawPointer, _ count: Int64) -> Int64 {
    // SAFETY: as above.
    unsafe Unmanaged<Feed>.fromOpaque(context).takeUnretainedValue().skip(count)
}
