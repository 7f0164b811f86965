import ContainerStorage
import LinuxSys
import OCISpec

/// A storage in a directory of its own, removed at the end.
final class TestStorage: Sendable {
    let path: String
    let storage: Storage

    init() throws {
        path = "/tmp/swiftlet-test-\(UInt64.random(in: .min ... .max))"
        storage = try Storage(root: path + "/root")
    }

    deinit {
        // The test has its result; what cannot be removed stays in /tmp.
        try? removeTree(path)
    }

    /// Unpacks a layer and makes it visible: its files.
    func unpack(_ stream: [UInt8], limits: LayerLimits = LayerLimits()) throws -> UnpackedLayer {
        let pending = try storage.layers.unpack(MemorySource(stream), limits: limits)
        try storage.publish(layers: [pending], blobs: [])
        let path = storage.layers.contentPath(pending.information.diffID)
        return UnpackedLayer(pending: pending, path: path, files: try BeneathDirectory(opening: path))
    }

    /// Everything below the root but directories that are always there.
    func leftovers() throws -> [String] {
        try ["layers", "tmp", "trash", "blobs/sha256"].flatMap { directory in
            try File.names(in: "\(path)/root/\(directory)").map { "\(directory)/\($0)" }
        }
    }
}

struct UnpackedLayer {
    let pending: PendingLayer
    let path: String
    let files: BeneathDirectory

    func status(_ path: String) throws -> FileStatus {
        try files.node(Array(path.utf8)).status()
    }

    func attributes(_ path: String) throws -> [String: [UInt8]] {
        let attributes = try files.node(Array(path.utf8)).extendedAttributes()
        return Dictionary(uniqueKeysWithValues: attributes.map { (String(decoding: $0.name, as: UTF8.self), $0.value) })
    }

    func text(_ path: String) throws -> String {
        String(decoding: try files.file(Array(path.utf8), links: .refused).readAll(limit: 1 << 20), as: UTF8.self)
    }
}

/// Removes a small tree of a test, links not followed.
func removeTree(_ path: String) throws {
    let directory = try BeneathDirectory(opening: path)
    for entry in try directory.entries() {
        if entry.type == .directory {
            try removeTree(path + "/" + String(decoding: entry.name, as: UTF8.self))
        } else {
            try directory.unlink(entry.name)
        }
    }
    try File.removeDirectory(path)
}

/// An archive in memory, and the digests in it.
enum TestImage {
    static func digest(_ bytes: [UInt8]) throws -> Digest {
        // The storage's own hash: what it stores is named by it.
        let scratch = try TestStorage()
        return try scratch.storage.blobs.put(bytes)
    }

    static func configuration(_ diffIDs: [String]) -> [UInt8] {
        let list = diffIDs.map { "\"\($0)\"" }.joined(separator: ",")
        return Array(
            (#"{"architecture":"amd64","os":"linux","config":{"User":"1:2"},"#
                + #""rootfs":{"type":"layers","diff_ids":[\#(list)]}}"#).utf8)
    }

    static func layer(_ name: String) -> [UInt8] {
        TarWriter.stream { $0.add(name, text: "content of \(name)") }
    }
}
