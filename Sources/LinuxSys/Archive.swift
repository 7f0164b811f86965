internal import CLinux

/// Why an archive cannot be read.
public enum ArchiveError: Error, CustomStringConvertible, Sendable {
    /// libarchive cannot be loaded; dlopen's words.
    case libraryMissing(String)
    /// The stream is damaged, ends too early or is of another format; libarchive's words.
    case unreadable(String)
    /// The content cannot be written to the file.
    case write(Errno)

    /// The reason, and for a missing library the remedy.
    public var description: String {
        switch self {
        case .libraryMissing(let reason):
            "libarchive cannot be loaded (\(reason)); install it: apt-get install libarchive13"
        case .unreadable(let reason): reason
        case .write(let code): "\(code)"
        }
    }
}

/// A compression around a stream.
public enum Compression: String, Sendable, CaseIterable {
    /// RFC 1952.
    case gzip
    /// bzip2.
    case bzip2
    /// The .xz format.
    case xz
    /// RFC 8878.
    case zstd

    /// What the first bytes of a stream show; nil when they are no compression's.
    public init?(prefix: [UInt8]) {
        let magics: [(Compression, [UInt8])] = [
            (.gzip, [0x1f, 0x8b]), (.bzip2, [0x42, 0x5a, 0x68]), (.xz, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
            (.zstd, [0x28, 0xb5, 0x2f, 0xfd]),
        ]
        guard let match = magics.first(where: { prefix.starts(with: $0.1) }) else { return nil }
        self = match.0
    }

    var code: clinux_compression {
        switch self {
        case .gzip: clinux_gzip
        case .bzip2: clinux_bzip2
        case .xz: clinux_xz
        case .zstd: clinux_zstd
        }
    }
}

/// What an archive's entry is.
public enum ArchiveEntryKind: Hashable, Sendable {
    /// A file with content.
    case file
    /// A directory.
    case directory
    /// A symbolic link and what it says.
    case symbolicLink([UInt8])
    /// Another name of an earlier entry, named from the archive's root.
    case hardLink([UInt8])
    /// A device.
    case device(FileType, DeviceNumber)
    /// A FIFO.
    case fifo
    /// Anything else, by its `S_IFMT` bits.
    case other(UInt32)
}

/// One entry of an archive, as the archive says it: nothing here has been checked.
public struct ArchiveEntry: Hashable, Sendable {
    /// The name's bytes.
    public var path: [UInt8]
    /// What it is.
    public var kind: ArchiveEntryKind
    /// The 12 permission bits.
    public var permissions: UInt32
    /// User id.
    public var owner: Int64
    /// Group id.
    public var group: Int64
    /// Last change of content.
    public var modified: FileTime
    /// Bytes of content, holes included.
    public var size: Int64
    /// Byte of the archive that its first header begins at; 0 in one that is to be written.
    public var position: Int64
    /// Extended attributes.
    public var attributes: [ExtendedAttribute]
    /// What libarchive found wrong with the header and read all the same.
    public var warning: String?

    /// An entry of root's, of 1970, that others may read; what it should have besides is set afterwards.
    public init(path: [UInt8], kind: ArchiveEntryKind, permissions: UInt32 = 0o644, size: Int64 = 0) {
        self.init(
            path: path, kind: kind, permissions: permissions, owner: 0, group: 0, modified: FileTime(seconds: 0),
            size: size, position: 0, attributes: [], warning: nil)
    }

    init(
        path: [UInt8], kind: ArchiveEntryKind, permissions: UInt32, owner: Int64, group: Int64, modified: FileTime,
        size: Int64, position: Int64, attributes: [ExtendedAttribute], warning: String?
    ) {
        self.path = path
        self.kind = kind
        self.permissions = permissions
        self.owner = owner
        self.group = group
        self.modified = modified
        self.size = size
        self.position = position
        self.attributes = attributes
        self.warning = warning
    }
}
