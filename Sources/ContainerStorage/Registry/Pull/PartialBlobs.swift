internal import LinuxSys
internal import OCISpec

/// Blobs of registries that are on their way: `partial/HEX`, as far as they have come.
///
/// A pull that is cut short leaves what it has here, and the next one goes on from there, in another process, too.
/// Nothing here is trusted: it is hashed again with what follows it. Whoever writes a blob holds its flock(2).
public final class PartialBlobs: Sendable {
    /// Less than this is sooner fetched again than looked after.
    static let smallest: Int64 = 1 << 20
    /// Seconds that nobody has written to a blob, after which nobody will.
    private static let lifetime: Int64 = 24 * 3600
    private let directory: BeneathDirectory

    init(_ directory: BeneathDirectory) {
        self.directory = directory
    }

    /// Takes up a blob where it was left; nil if somebody else is at it.
    ///
    /// - Throws: `StorageError` when the file cannot be opened or made.
    func take(_ digest: Digest) throws(StorageError) -> PartialBlob? {
        let name = [UInt8](digest.hex)
        do throws(Errno) {
            while true {
                let file = UnnamedFile(try directory.appendableFile(name))
                guard try file.descriptor.tryLock() else { return nil }
                let status = try file.descriptor.status()
                // Between the two calls its last owner may have removed it; then another one is made.
                guard try directory.status(name)?.inode == status.inode else { continue }
                return PartialBlob(file, size: status.size, name: name, in: directory)
            }
        } catch {
            throw .system(error, "open the unfinished blob \(digest)")
        }
    }

    /// Removes what is not worth keeping, or everything; never what is being written.
    ///
    /// - Throws: `StorageError` naming what cannot be removed.
    public func sweep(all: Bool = false) throws(StorageError) {
        try doing("remove unfinished blobs") { () throws(Errno) in
            for entry in try directory.entries() {
                guard let status = try directory.status(entry.name) else { continue }
                let age = Clock.now / 1_000_000_000 - status.modified.seconds
                guard all || status.size < Self.smallest || age > Self.lifetime else { continue }
                do throws(Errno) {
                    let file = try directory.appendableFile(entry.name)
                    if try file.tryLock() { try directory.unlink(entry.name) }
                } catch .noSuchFileOrDirectory {
                    continue
                }
            }
        }
    }
}

/// One blob on its way, which this process alone writes to.
final class PartialBlob: Sendable {
    let file: UnnamedFile
    /// Bytes that were here when it was taken up.
    let size: Int64
    private let name: [UInt8]
    private let directory: BeneathDirectory

    init(_ file: UnnamedFile, size: Int64, name: [UInt8], in directory: BeneathDirectory) {
        self.file = file
        self.size = size
        self.name = name
        self.directory = directory
    }

    /// Takes its name away: it is complete and has another one, or is of no use.
    func discard() {
        // What stays is swept later.
        try? directory.unlink(name)
    }
}

/// The bytes that are here, then those that a source gives.
final class ContinuedSource: ByteSource {
    private var present: FileSource?
    private let rest: any ByteSource

    init(_ present: FileSource, then rest: any ByteSource) {
        self.present = present
        self.rest = rest
    }

    func next() throws -> [UInt8] {
        if let bytes = try present?.next(), !bytes.isEmpty { return bytes }
        present = nil
        return try rest.next()
    }
}
