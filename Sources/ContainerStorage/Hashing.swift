internal import FoundationEssentials
internal import LinuxSys
internal import OCISpec

internal import struct Crypto.SHA256

/// Passes a source's bytes on, hashing and counting them, each byte once.
final class HashingSource: ByteSource {
    private let source: any ByteSource
    private var hasher = SHA256()
    private let hashes: Bool
    private let check: (Int64) throws -> Void
    /// Bytes so far.
    private(set) var count: Int64 = 0

    /// `hashes` is false to count only; `check` is called with the number of bytes so far, before they are passed on.
    init(_ source: any ByteSource, hashes: Bool = true, check: @escaping (Int64) throws -> Void = { _ in }) {
        self.source = source
        self.hashes = hashes
        self.check = check
    }

    func next() throws -> [UInt8] {
        let bytes = try source.next()
        count += Int64(bytes.count)
        try check(count)
        if hashes { hasher.update(data: bytes) }
        return bytes
    }

    /// The digest of the bytes so far.
    func digest() throws(StorageError) -> Digest {
        try Digest.of(hasher.finalize())
    }
}

extension Digest {
    /// The SHA-256 digest of bytes in memory.
    static func of(_ bytes: [UInt8]) throws(StorageError) -> Digest {
        try of(SHA256.hash(data: bytes))
    }

    fileprivate static func of(_ hash: SHA256.Digest) throws(StorageError) -> Digest {
        guard let digest = Digest(sha256: hash) else {
            throw .invalid("a SHA-256 hash of another length than 32 bytes")
        }
        return digest
    }
}

/// Gives back the first bytes that were looked at, then the rest of the source.
final class PrefixedSource: ByteSource {
    private var first: [UInt8]?
    private let rest: any ByteSource

    init(_ first: [UInt8], _ rest: any ByteSource) {
        self.first = first
        self.rest = rest
    }

    func next() throws -> [UInt8] {
        if let first, !first.isEmpty {
            self.first = nil
            return first
        }
        return try rest.next()
    }
}

extension ByteSource {
    /// What compression the source's first bytes show, and the source from its first byte on.
    func detectingCompression() throws -> (compression: Compression?, source: any ByteSource) {
        var first = try next()
        // Six bytes are the longest mark, that of xz. A pipe may give fewer at once.
        while first.count < 6 {
            let more = try next()
            if more.isEmpty { break }
            first += more
        }
        return (Compression(prefix: first), PrefixedSource(first, self))
    }
}

/// Passes a source's bytes on, and tells how many there were so far.
final class CountedSource: ByteSource {
    private let source: any ByteSource
    private let tell: (Int64) -> Void
    private var count: Int64 = 0

    init(_ source: any ByteSource, tell: @escaping (Int64) -> Void) {
        self.source = source
        self.tell = tell
    }

    func next() throws -> [UInt8] {
        let bytes = try source.next()
        count += Int64(bytes.count)
        tell(count)
        return bytes
    }
}
