import FoundationEssentials
import Glibc
import LinuxSys

@testable import ContainerStorage

/// A layer, plain or compressed: it is unpacked below its directory or refused, and discarded without a rest.
func checkLayer(_ input: [UInt8]) {
    let store = LayerSample.shared
    var limits = LayerLimits()
    limits.streamBytes = 1 << 20
    limits.entries = 100
    // A layer that is wrong is refused; the rest shows that nothing of it stays.
    if let layer = try? store.storage.layers.unpack(MemorySource(input), limits: limits) {
        do { try store.storage.layers.discard(layer) } catch { require(false, "discard: \(error)") }
    }
    store.requireClean()
}

/// A store with a file beside it that no layer may touch.
private final class LayerSample: Sendable {
    static let shared = LayerSample()

    private let top: String
    let storage: Storage

    private init() {
        top = "/tmp/swiftlet-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
        do {
            try FileManager.default.createDirectory(atPath: top, withIntermediateDirectories: true)
            try Data("untouched".utf8).write(to: URL(filePath: "\(top)/beside"))
            storage = try Storage(root: "\(top)/root")
        } catch {
            fatalError("\(top): \(error)")
        }
        // What is left in /tmp is small, should it not be possible.
        atexit { try? FileManager.default.removeItem(atPath: LayerSample.shared.top) }
    }

    func requireClean() {
        for directory in ["layers", "tmp", "trash"] {
            let names = try? File.names(in: "\(top)/root/\(directory)")
            require(names == [], "left in \(directory): \(names ?? ["what cannot be listed"])")
        }
        require((try? File.names(in: top)).map(Set.init) == ["root", "beside"], "a layer left its directory")
        require((try? File.readText("\(top)/beside", limit: 100)) == "untouched", "a layer wrote beside its directory")
    }
}
