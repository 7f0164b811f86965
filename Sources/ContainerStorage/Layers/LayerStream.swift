internal import LinuxSys
internal import OCISpec

/// One layer's stream: decompressed if need be, hashed on both sides, watched for size.
struct LayerStream {
    /// The tar stream, not compressed.
    let content: HashingSource
    /// The stream as it comes; the same object as `content` if it is not compressed, and then hashed once.
    private let blob: HashingSource

    /// `hashed` is false if nobody will ask for the digests; `space` is asked for free and total bytes every 64 MiB,
    /// and nil if nothing is written.
    init(
        _ source: any ByteSource, limits: LayerLimits, hashed: Bool = true,
        space: (() throws -> (free: Int64, total: Int64))?
    ) throws {
        let (compression, rest) = try source.detectingCompression()
        var checkedAt: Int64 = 0
        let checkSpace = { (count: Int64) throws in
            // Every 64 MiB; the first time at once.
            guard let space, checkedAt == 0 || count - checkedAt >= 64 << 20 else { return }
            checkedAt = max(count, 1)
            let (free, total) = try space()
            if free < min(limits.keepFreeBytes, total / 100 * limits.keepFreePercent) {
                throw StorageError.system(.noSpace, "only \(free >> 20) MiB are free below the storage's root")
            }
        }
        if let compression {
            let blob = HashingSource(rest, hashes: hashed)
            let check = limits.streamCheck(compressed: { blob.count })
            let decompressor = try Decompressor(blob, compression)
            self.blob = blob
            content = HashingSource(decompressor, hashes: hashed) { count in
                try check(count)
                try checkSpace(count)
            }
        } else {
            let check = limits.streamCheck(compressed: { .max })
            content = HashingSource(rest, hashes: hashed) { count in
                try check(count)
                try checkSpace(count)
            }
            blob = content
        }
    }

    /// Reads what is left, and tells the digests and lengths.
    func finish() throws -> (diffID: Digest, size: Int64, blobDigest: Digest, blobSize: Int64) {
        try content.drain()
        let diffID = try content.digest()
        if content === blob { return (diffID, content.count, diffID, content.count) }
        // A decompressor may stop at its last frame; the blob's digest is of all bytes.
        try blob.drain()
        return (diffID, content.count, try blob.digest(), blob.count)
    }
}
