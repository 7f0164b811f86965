/// Bounds of what one layer, or one archive, may make this machine do. Each is far above what images need.
public struct LayerLimits: Sendable {
    /// Entries in one layer.
    public var entries = 10_000_000
    /// Bytes of one name, and of one link's target; 4,096 with its NUL is the kernel's PATH_MAX.
    public var pathBytes = 4095
    /// Bytes between two slashes: NAME_MAX.
    public var componentBytes = 255
    /// Bytes of one extended attribute's value: XATTR_SIZE_MAX.
    public var attributeBytes = 65536
    /// Bytes of one pax extended header.
    public var paxBytes = 1 << 20
    /// Bytes of one layer's tar stream, not compressed.
    public var streamBytes: Int64 = 256 << 30
    /// How many times larger than its compressed form a stream may be, once it is `ratioFloor` long. Deflate
    /// can reach 1,032 with nothing but zeros.
    public var ratio: Int64 = 1000
    /// Bytes before `ratio` counts.
    public var ratioFloor: Int64 = 64 << 20
    /// Bytes that stay free on the file system: the smaller of this, and `keepFreePercent` of it.
    public var keepFreeBytes: Int64 = 1 << 30
    /// Per cent of the file system that stay free.
    public var keepFreePercent: Int64 = 5

    /// The bounds above.
    public init() {}

    /// A check for a decompressed stream's length so far, against the compressed bytes read for it.
    func streamCheck(compressed: @escaping () -> Int64) -> (Int64) throws -> Void {
        { count throws in
            if count > streamBytes { throw StorageError.limit("more than \(streamBytes) bytes") }
            if count > ratioFloor, count / max(1, compressed()) > ratio {
                throw StorageError.limit("decompression bomb: more than \(ratio) times its compressed size")
            }
        }
    }
}
