internal import CLinux
internal import Glibc

/// Writes a tar stream (pax), or one compressed stream, to a file or pipe.
@safe
public final class ArchiveWriter {
    private let archive: OpaquePointer
    /// Open as long as the archive writes to it.
    private let file: OwnedFD

    /// Starts a tar stream.
    ///
    /// - Throws: `ArchiveError`.
    public convenience init(tarTo file: consuming OwnedFD) throws(ArchiveError) {
        try self.init(file, isTar: true, clinux_plain)
    }

    /// Starts a compressed stream, gzip's or zstd's; the same content gives the same bytes.
    ///
    /// - Throws: `ArchiveError`.
    public convenience init(to file: consuming OwnedFD, _ compression: Compression) throws(ArchiveError) {
        try self.init(file, isTar: false, compression.code)
        try begin(ArchiveEntry(path: [UInt8(ascii: "x")], kind: .file))
    }

    private init(_ file: consuming OwnedFD, isTar: Bool, _ code: clinux_compression) throws(ArchiveError) {
        if clinux_archive_load() != 0 {
            throw unsafe .libraryMissing(String(cString: clinux_archive_load_error()))
        }
        guard let opened = unsafe clinux_archive_writer_open(file.raw, isTar ? 1 : 0, code) else {
            throw .unreadable("libarchive cannot write this format")
        }
        unsafe archive = opened
        self.file = file
    }

    deinit {
        unsafe clinux_archive_writer_free(archive)
    }

    /// Begins an entry; exactly its size of bytes must follow.
    ///
    /// - Throws: `ArchiveError.unreadable` with the reason.
    public func begin(_ entry: ArchiveEntry) throws(ArchiveError) {
        unsafe clinux_archive_writer_begin(archive)
        for attribute in entry.attributes {
            let name = attribute.name.map { CChar(bitPattern: $0) } + [0]
            // SAFETY: libarchive copies name and value.
            unsafe name.withUnsafeBufferPointer { name in
                unsafe attribute.value.withUnsafeBytes { value in
                    unsafe clinux_archive_writer_xattr(
                        archive, name.baseAddress.unsafelyUnwrapped, value.baseAddress, value.count)
                }
            }
        }
        var header = unsafe clinux_archive_header()
        var target: [UInt8]?
        var type = FileType.regular
        unsafe header.owner = entry.owner
        unsafe header.group = entry.group
        unsafe header.modified = entry.modified.seconds
        unsafe header.modified_nanoseconds = entry.modified.nanoseconds
        unsafe header.size = entry.size
        switch entry.kind {
        case .file: type = .regular
        case .directory: type = .directory
        case .fifo: type = .fifo
        case .symbolicLink(let text): (type, target) = (.symbolicLink, text)
        case .hardLink(let text): target = text
        case .device(let kind, let number):
            type = kind
            unsafe header.device_major = number.major
            unsafe header.device_minor = number.minor
        case .other(let bits): throw .unreadable("a file of type 0\(String(bits, radix: 8)) has no place in an archive")
        }
        unsafe header.mode = type.rawValue | entry.permissions
        let path = entry.path.map { CChar(bitPattern: $0) } + [0]
        let link = (target ?? []).map { CChar(bitPattern: $0) } + [0]
        // SAFETY: both texts end with NUL and live through the call, which copies them.
        let result = unsafe path.withUnsafeBufferPointer { path in
            unsafe link.withUnsafeBufferPointer { link in
                unsafe header.path = path.baseAddress
                if case .hardLink = entry.kind { unsafe header.hardlink = link.baseAddress }
                if case .symbolicLink = entry.kind { unsafe header.symlink = link.baseAddress }
                return unsafe clinux_archive_writer_header(archive, &header)
            }
        }
        if result != 0 { throw failure }
    }

    /// Adds to the entry's content.
    ///
    /// - Throws: `ArchiveError`.
    public func write(_ bytes: [UInt8]) throws(ArchiveError) {
        // SAFETY: the bytes live through the call.
        let result = unsafe bytes.withUnsafeBytes {
            unsafe clinux_archive_writer_data(archive, $0.baseAddress, $0.count)
        }
        if result != 0 { throw failure }
    }

    /// Writes the end. Nothing can be added afterwards.
    ///
    /// - Throws: `ArchiveError`.
    public func finish() throws(ArchiveError) {
        if unsafe clinux_archive_writer_close(archive) != 0 { throw failure }
    }

    private var failure: ArchiveError {
        .unreadable(unsafe String(cString: clinux_archive_writer_message(archive)))
    }
}
