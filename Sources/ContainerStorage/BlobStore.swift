internal import LinuxSys
public import OCISpec

/// A blob whose content is written, but which has no name yet. It goes away with this value.
public final class PendingBlob {
    /// Its name.
    public let digest: Digest
    let file: OwnedFD

    init(digest: Digest, file: consuming OwnedFD) {
        self.digest = digest
        self.file = file
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
        try doing("write blob \(blob.digest) to the disk") { () throws(Errno) in try blob.file.synchronize() }
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
        let file = try opening("make a temporary file") { () throws(Errno) in try temporary.createTemporaryFile() }
        try doing("write blob \(digest)") { () throws(Errno) in try file.write(all: bytes) }
        return PendingBlob(digest: digest, file: file)
    }

    /// Names a blob whose content is on the disk.
    func publish(_ blob: PendingBlob) throws(StorageError) {
        do throws(Errno) {
            try directory.publish(blob.file, as: [UInt8](blob.digest.hex))
        } catch .fileExists {
            return
        } catch {
            throw .system(error, "name blob \(blob.digest)")
        }
    }

    func synchronize() throws(StorageError) {
        try doing("write the blobs' directory to the disk") { () throws(Errno) in
            try directory.descriptor.synchronize()
        }
    }
}
