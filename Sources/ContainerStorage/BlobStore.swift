internal import LinuxSys
public import OCISpec

/// A file without a name. It goes away with this value.
final class UnnamedFile: Sendable {
    let descriptor: OwnedFD

    init(_ descriptor: consuming OwnedFD) {
        self.descriptor = descriptor
    }
}

/// A blob whose content is written, but which has no name yet. It goes away with this value.
public final class PendingBlob: Sendable {
    /// Its name.
    public let digest: Digest
    let file: UnnamedFile
    /// The same file under the name that it has while it arrives; nil if it has none.
    let partial: PartialBlob?

    init(digest: Digest, file: UnnamedFile, partial: PartialBlob? = nil) {
        self.digest = digest
        self.file = file
        self.partial = partial
    }
}

/// Passes a source's bytes on, and writes them to a file on the way.
final class RecordingSource: ByteSource {
    /// How much is written before the disk is told to begin with it.
    private static let stride: Int64 = 8 << 20
    private let source: any ByteSource
    private let file: UnnamedFile
    private var count: Int64
    private var flushed: Int64

    /// `start` is how many bytes the file has already.
    init(_ source: any ByteSource, to file: UnnamedFile, from start: Int64 = 0) {
        self.source = source
        self.file = file
        count = start
        flushed = start
    }

    func next() throws -> [UInt8] {
        let bytes = try source.next()
        try doing("write a blob") { () throws(Errno) in try file.descriptor.write(all: bytes) }
        count += Int64(bytes.count)
        if count - flushed >= Self.stride {
            // The disk works while the rest is still on its way; what it does not begin now waits for the end.
            file.descriptor.startWriting(from: flushed, count: count - flushed)
            flushed = count
        }
        return bytes
    }
}

/// Content-addressed files: `blobs/sha256/HEX`.
///
/// A blob is written without a name (`O_TMPFILE`), verified, written to the disk, and only then named: what has
/// a name is whole, and what was interrupted leaves nothing.
public final class BlobStore: Sendable {
    private let directory: BeneathDirectory
    private let temporary: BeneathDirectory

    init(_ directory: BeneathDirectory, temporary: BeneathDirectory) {
        self.directory = directory
        self.temporary = temporary
    }

    /// Whether the blob is here.
    public func contains(_ digest: Digest) throws(StorageError) -> Bool {
        try doing("look for blob \(digest)") { () throws(Errno) in
            try directory.status([UInt8](digest.hex)) != nil
        }
    }

    /// The blob's bytes.
    ///
    /// - Throws: `StorageError` with `Code.notFound`, or `Code.limit` when it is longer than `limit` bytes.
    public func read(_ digest: Digest, limit: Int = ImageJSON.sizeLimit) throws(StorageError) -> [UInt8] {
        do throws(Errno) {
            return try directory.file([UInt8](digest.hex), links: .refused).readAll(limit: limit)
        } catch .noSuchFileOrDirectory {
            throw StorageError(code: .notFound, message: "blob \(digest) is not in the storage", errno: nil)
        } catch .fileTooLarge {
            throw .limit("blob \(digest) is larger than \(limit) bytes")
        } catch {
            throw .system(error, "read blob \(digest)")
        }
    }

    /// Keeps bytes; their name is their digest.
    @discardableResult
    public func put(_ bytes: [UInt8]) throws(StorageError) -> Digest {
        let blob = try prepare(bytes)
        try doing("write blob \(blob.digest) to the disk") { () throws(Errno) in
            try blob.file.descriptor.synchronize()
        }
        try publish(blob)
        try synchronize()
        return blob.digest
    }

    /// Removes a blob; one that is missing is success.
    public func remove(_ digest: Digest) throws(StorageError) {
        do throws(Errno) {
            try directory.unlink([UInt8](digest.hex))
        } catch .noSuchFileOrDirectory {
            return
        } catch {
            throw .system(error, "remove blob \(digest)")
        }
    }

    /// The digests of all blobs here.
    public func all() throws(StorageError) -> [Digest] {
        try doing("list the blobs") { () throws(Errno) in
            try directory.entries().compactMap { Digest(.sha256, hex: String(decoding: $0.name, as: UTF8.self)) }
        }
    }

    /// Writes bytes to a file without a name, for `Storage.publish(layers:blobs:)`.
    public func prepare(_ bytes: [UInt8]) throws(StorageError) -> PendingBlob {
        let digest = try Digest.of(bytes)
        let file = try makeFile()
        try doing("write blob \(digest)") { () throws(Errno) in try file.descriptor.write(all: bytes) }
        return PendingBlob(digest: digest, file: file)
    }

    /// A file for a blob whose digest is not known yet.
    func makeFile() throws(StorageError) -> UnnamedFile {
        UnnamedFile(try opening("make a temporary file") { () throws(Errno) in try temporary.createTemporaryFile() })
    }

    /// How many bytes it has.
    ///
    /// - Throws: `StorageError` with `Code.notFound`.
    func size(_ digest: Digest) throws(StorageError) -> Int64 {
        let status = try doing("look for blob \(digest)") { () throws(Errno) in
            try directory.status([UInt8](digest.hex))
        }
        guard let status else {
            throw StorageError(code: .notFound, message: "blob \(digest) is not in the storage", errno: nil)
        }
        return status.size
    }

    /// The blob's bytes, one after the other.
    ///
    /// - Throws: `StorageError` with `Code.notFound`.
    func source(_ digest: Digest) throws(StorageError) -> FileSource {
        do throws(Errno) {
            return FileSource(try directory.file([UInt8](digest.hex), links: .refused), from: 0)
        } catch .noSuchFileOrDirectory {
            throw StorageError(code: .notFound, message: "blob \(digest) is not in the storage", errno: nil)
        } catch {
            throw .system(error, "read blob \(digest)")
        }
    }

    /// Names a blob whose content is on the disk.
    func publish(_ blob: PendingBlob) throws(StorageError) {
        do throws(Errno) {
            try directory.publish(blob.file.descriptor, as: [UInt8](blob.digest.hex))
        } catch .fileExists {
            // It is here whole, under that name.
        } catch {
            throw .system(error, "name blob \(blob.digest)")
        }
        blob.partial?.discard()
    }

    func synchronize() throws(StorageError) {
        try doing("write the blobs' directory to the disk") { () throws(Errno) in
            try directory.descriptor.synchronize()
        }
    }
}
