internal import CLinux
internal import Glibc

/// Bytes that come in order and once: a file, a pipe, a decompressor, the content of an archive's entry.
///
/// A source has one reader. It may block.
public protocol ByteSource: AnyObject {
    /// The next bytes, as many as are convenient; empty at the end.
    func next() throws -> [UInt8]

    /// Moves at most `count` bytes forward without reading them: how many, 0 if that cannot be done.
    func skip(_ count: Int64) throws -> Int64
}

extension ByteSource {
    /// Skips nothing: the bytes are read and dropped by the caller.
    public func skip(_ count: Int64) throws -> Int64 { 0 }

    /// Reads and drops what is left.
    public func drain() throws {
        while try !next().isEmpty {}
    }
}

/// A file's bytes, from a position on if it is seekable, else as they come.
public final class FileSource: ByteSource {
    /// 256 KiB: few system calls, and the block is still in the cache when it is hashed.
    private static let chunk = 256 << 10
    private let file: OwnedFD
    private var position: Int64?
    private let end: Int64

    /// Reads `file`. With `start`, pread(2) from there on, `count` bytes at most, so that several sources can share one
    /// open file; without, read(2).
    public init(_ file: consuming OwnedFD, from start: Int64? = nil, count: Int64 = .max) {
        self.file = file
        position = start
        let (end, overflow) = (start ?? 0).addingReportingOverflow(count)
        self.end = overflow ? .max : end
    }

    /// The next bytes of the file.
    ///
    /// - Throws: `Errno` of read(2).
    public func next() throws -> [UInt8] {
        guard let start = position else { return try file.read(upTo: Self.chunk) }
        guard start < end else { return [] }
        let bytes = try file.read(upTo: Int(min(Int64(Self.chunk), end - start)), at: start)
        position = start + Int64(bytes.count)
        return bytes
    }

    /// Moves forward in a seekable file.
    public func skip(_ count: Int64) throws -> Int64 {
        guard let start = position, count > 0 else { return 0 }
        let (end, overflow) = start.addingReportingOverflow(count)
        guard !overflow else { throw Errno.fileTooLarge }
        position = end
        return count
    }
}

/// Bytes that are already in memory.
public final class MemorySource: ByteSource {
    private var bytes: [UInt8]

    /// Gives `bytes` once.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// All of the bytes, then none.
    public func next() throws -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}

extension OwnedFD {
    /// Reads at a position, which the file's own does not follow (pread(2)); empty at the end.
    public func read(upTo count: Int, at position: Int64) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let raw = raw
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(Errno) {
                // SAFETY: pread writes at most `count` bytes into a buffer of that capacity.
                filled = try syscall { unsafe pread(raw, buffer.baseAddress, count, off_t(position)) }
            } catch {
                failure = error
                filled = 0
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Where the next read(2) starts; nil for what has no position: a pipe, socket or terminal (lseek(2)).
    public var position: Int64? {
        let position = lseek(raw, 0, SEEK_CUR)
        return position >= 0 ? Int64(position) : nil
    }

    /// Sets the file's length in bytes (ftruncate(2)).
    public func truncate(to length: Int64) throws(Errno) {
        try syscall { ftruncate(raw, off_t(length)) }
    }

    /// Asks the disk to begin with these bytes of the file (sync_file_range(2)). Nothing is promised by it.
    public func startWriting(from offset: Int64, count: Int64) {
        clinux_start_writing(raw, offset, count)
    }

    /// Type, permissions, owner, size and times (fstat(2)).
    public func status() throws(Errno) -> FileStatus {
        var status = stat()
        try syscall { unsafe fstat(raw, &status) }
        return FileStatus(status)
    }

    /// Copies `other` from its position to its end into this file (copy_file_range(2), else sendfile(2)).
    public func copy(from other: borrowing OwnedFD) throws(Errno) {
        let (from, to) = (other.raw, raw)
        while try syscall({ clinux_copy_range(from, to, 1 << 30) }) > 0 {}
    }
}
