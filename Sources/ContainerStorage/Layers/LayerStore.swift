internal import FoundationEssentials
public import LinuxSys
public import OCISpec

/// What is known of an unpacked layer; kept beside it in `layer.json`.
public struct LayerInformation: Codable, Hashable, Sendable {
    /// Digest of the tar stream, not compressed: the layer's name.
    public var diffID: Digest
    /// Bytes of that stream; Podman's size of a layer.
    public var size: Int64
    /// Whether it hides all layers below.
    public var isOpaque: Bool
    /// Digest of the stream as it came, compressed or not. It is kept as a blob, so that the layer can be given away
    /// byte for byte as it came; nil where it was not kept yet.
    public var blobDigest: Digest?
}

/// A layer that is unpacked, but not visible yet. Nobody else touches it while this value lives; if it goes
/// without being published, `LayerStore.discardAbandoned` removes it.
public final class PendingLayer: Sendable {
    /// What is in it.
    public let information: LayerInformation
    /// Digest of the stream as it was read, compressed or not.
    public let blobDigest: Digest
    /// Bytes of the stream as it was read.
    public let blobSize: Int64
    let name: [UInt8]
    /// Holds the flock(2) that says that the owner lives.
    let directory: BeneathDirectory

    init(
        _ information: LayerInformation, blobDigest: Digest, blobSize: Int64, name: [UInt8], directory: BeneathDirectory
    ) {
        self.information = information
        self.blobDigest = blobDigest
        self.blobSize = blobSize
        self.name = name
        self.directory = directory
    }
}

/// Unpacked layers: `layers/HEX/diff`, named by their diff id, shared by all images that have them.
public final class LayerStore: Sendable {
    private static let content = [UInt8]("diff")
    private static let information = [UInt8]("layer.json")
    private static let temporaryMark = "tmp-"
    /// Of every layer's root directory, and so of "/" in every container.
    static let rootPermissions: UInt32 = 0o555

    private let directory: BeneathDirectory
    private let path: String
    private let trash: Trash

    init(_ directory: BeneathDirectory, path: String, trash: Trash) {
        self.directory = directory
        self.path = path
        self.trash = trash
    }

    /// The directory with the layer's files, for a mount.
    public func contentPath(_ diffID: Digest) -> String { "\(path)/\(diffID.hex)/diff" }

    /// What is known of a layer; nil if it is not here.
    public func information(_ diffID: Digest) throws(StorageError) -> LayerInformation? {
        guard diffID.algorithm == .sha256 else { return nil }
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try directory.directory([UInt8](diffID.hex), links: .refused)
                .file(Self.information, links: .refused).readAll(limit: 65536)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw .system(error, "read layer \(diffID)")
        }
        do {
            return try JSONDecoder().decode(LayerInformation.self, from: Data(bytes))
        } catch {
            throw .invalid("layer \(diffID): layer.json is damaged; remove the image and load it again")
        }
    }

    /// The diff ids of all layers here.
    public func all() throws(StorageError) -> [Digest] {
        try doing("list the layers") { () throws(Errno) in
            try directory.entries().compactMap { Digest(.sha256, hex: String(decoding: $0.name, as: UTF8.self)) }
        }
    }

    /// Unpacks one layer's stream, compressed or not, to a directory that nobody sees yet.
    ///
    /// Each byte is hashed once; the digests are those of all that the source gave.
    ///
    /// - Throws: `StorageError` naming the entry that is hostile, damaged or too large; what the source threw.
    ///   Nothing of the layer is left then.
    public func unpack(_ source: any ByteSource, limits: LayerLimits = LayerLimits()) throws -> PendingLayer {
        let (name, work) = try makeTemporary()
        do {
            return try unpack(source, limits, name, work)
        } catch {
            // The first error says what went wrong; what cannot be deleted now is swept later.
            try? trash.discard(name, from: directory, what: "unfinished layer")
            try? trash.empty()  // as above
            throw error
        }
    }

    private func unpack(
        _ source: any ByteSource, _ limits: LayerLimits, _ name: [UInt8], _ work: BeneathDirectory
    ) throws -> PendingLayer {
        // The root's mode in Podman, whatever the layer says.
        try work.makeDirectory(Self.content)
        let root = try work.directory(Self.content, links: .refused)
        try root.descriptor.setPermissions(Self.rootPermissions)
        let unpacker = LayerUnpacker(root, trash: trash, limits: limits)
        let stream = try LayerStream(source, limits: limits, space: { [directory] in try directory.space() })
        try unpacker.apply(stream.content)
        let digests = try stream.finish()
        let information = LayerInformation(
            diffID: digests.diffID, size: digests.size, isOpaque: unpacker.isOpaque, blobDigest: digests.blobDigest)
        try work.createFile(Self.information).write(all: [UInt8](try JSONEncoder().encode(information)))
        return PendingLayer(
            information, blobDigest: digests.blobDigest, blobSize: digests.blobSize, name: name, directory: work)
    }

    /// A new directory, locked before anybody can take it for abandoned.
    private func makeTemporary() throws(StorageError) -> ([UInt8], BeneathDirectory) {
        try doing("make a directory below \(path)") { () throws(Errno) in
            while true {
                let name = [UInt8](Self.temporaryMark + String(UInt64.random(in: .min ... .max), radix: 36))
                try directory.makeDirectory(name)
                do throws(Errno) {
                    let made = try directory.directory(name, links: .refused)
                    // Between the two calls a sweep may have locked or removed it; then another one is made.
                    if try made.tryLock(), try directory.status(name)?.inode == made.descriptor.status().inode {
                        return (name, made)
                    }
                } catch .noSuchFileOrDirectory {
                    continue
                }
            }
        }
    }

    /// Gives a layer its name, once its content is on the disk. One that is there already stays, and this one goes.
    func publish(_ layer: PendingLayer) throws(StorageError) {
        let diffID = layer.information.diffID
        do throws(Errno) {
            try directory.move(layer.name, to: directory, as: [UInt8](diffID.hex))
        } catch .fileExists {
            try trash.discard(layer.name, from: directory, what: "second copy of layer \(diffID)")
            try trash.empty()
        } catch {
            throw .system(error, "publish layer \(diffID)")
        }
    }

    func synchronize() throws(StorageError) {
        try doing("write the layers' directory to the disk") { () throws(Errno) in
            try directory.descriptor.synchronize()
        }
    }

    /// Removes an unfinished layer now instead of at the next sweep.
    func discard(_ layer: PendingLayer) throws(StorageError) {
        try trash.discard(layer.name, from: directory, what: "unfinished layer")
        try trash.empty()
    }

    /// Removes a layer; one that is missing is success. The caller knows that no image and no mount has it.
    public func remove(_ diffID: Digest) throws(StorageError) {
        try trash.discard([UInt8](diffID.hex), from: directory, what: "layer \(diffID)")
        try trash.empty()
    }

    /// Moves the unfinished layers of dead processes to the trash.
    func discardAbandoned() throws(StorageError) {
        let entries = try doing("list the layers") { () throws(Errno) in try directory.entries() }
        for entry in entries where entry.name.starts(with: Self.temporaryMark.utf8) {
            let abandoned: Bool
            do throws(Errno) {
                abandoned = try directory.directory(entry.name, links: .refused).tryLock()
            } catch .noSuchFileOrDirectory {
                continue
            } catch {
                throw .system(error, "look at unfinished layer \(entry.name.printable)")
            }
            if abandoned { try trash.discard(entry.name, from: directory, what: "unfinished layer") }
        }
    }
}
