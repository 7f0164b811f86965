import Foundation
import Testing

@testable import ContainerRuntime

/// A container's control groups, in directories of either version.
@Suite struct CgroupTests {
    /// A directory of its own, removed at the end.
    final class Directory {
        let path = NSTemporaryDirectory() + UUID().uuidString
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ text: String) throws {
            let file = URL(filePath: "\(path)/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }

        func read(_ name: String) throws -> String {
            try String(contentsOf: URL(filePath: "\(path)/\(name)"), encoding: .utf8)
        }
    }

    static let disks = "254:0 Read 4096\n254:0 Write 8192\n254:0 Sync 1\n254:16 Read 1\nTotal 12289\n"

    @Test func `counters of version 1 are in a directory each`() throws {
        let top = Directory()
        try top.write("cpuacct/p/c/cpuacct.usage", "269737000\n")
        try top.write("memory/p/c/memory.usage_in_bytes", "245760\n")
        try top.write("memory/p/c/memory.limit_in_bytes", "9223372036854771712\n")
        try top.write("pids/p/c/pids.current", "3\n")
        try top.write("blkio/p/c/blkio.throttle.io_service_bytes_recursive", Self.disks)
        let found = try ContainerCgroups(parent: "/p", root: top.path).counters("c")
        #expect(found.processorTime == 269_737_000 && found.memory == 245_760 && found.processes == 3)
        #expect(found.memoryLimit == 9_223_372_036_854_771_712)
        #expect(found.read == 4097 && found.written == 8192)
    }

    @Test func `counters of version 2 are in one directory`() throws {
        let top = Directory()
        try top.write("cgroup.controllers", "cpu io memory pids\n")
        try top.write("p/c/cpu.stat", "usage_usec 1500\nuser_usec 1000\n")
        try top.write("p/c/memory.current", "4096\n")
        try top.write("p/c/memory.max", "max\n")
        try top.write("p/c/pids.current", "1\n")
        try top.write("p/c/io.stat", "254:0 rbytes=4096 wbytes=8192 rios=1\n254:16 rbytes=1 wbytes=0\n")
        let found = try ContainerCgroups(parent: "/p", root: top.path).counters("c")
        #expect(found.processorTime == 1_500_000 && found.memory == 4096 && found.memoryLimit == .max)
        #expect(found.processes == 1 && found.read == 4097 && found.written == 8192)
        // A container that is gone has taken nothing.
        #expect(try ContainerCgroups(parent: "/p", root: top.path).counters("d") == CgroupCounters())
    }

    @Test(arguments: [
        ("freezer/p/c/freezer.state", "THAWED\n", false), ("freezer/p/c/freezer.state", "FREEZING\n", true),
        ("freezer/p/c/freezer.state", "FROZEN\n", true), ("p/c/cgroup.freeze", "1\n", true),
        ("p/c/cgroup.freeze", "0\n", false), ("p/d/cgroup.freeze", "1\n", false),
    ])
    func `who stands still is told by the freezer`(file: String, text: String, isFrozen: Bool) throws {
        let top = Directory()
        try top.write(file, text)
        #expect(ContainerCgroups.isFrozen("c", parent: "/p", root: top.path) == isFrozen)
    }

    @Test func `to let go on is to let go on all that is below, too`() throws {
        let (old, new) = (Directory(), Directory())
        for file in ["freezer/p/c/freezer.state", "freezer/p/c/own/freezer.state"] { try old.write(file, "FROZEN\n") }
        try ContainerCgroups(parent: "/p", root: old.path).thaw("c")
        #expect(try old.read("freezer/p/c/freezer.state").hasPrefix("THAWED"))
        #expect(try old.read("freezer/p/c/own/freezer.state").hasPrefix("THAWED"))
        try new.write("cgroup.controllers", "")
        try new.write("p/c/cgroup.freeze", "1\n")
        try ContainerCgroups(parent: "/p", root: new.path).thaw("c")
        #expect(!ContainerCgroups.isFrozen("c", parent: "/p", root: new.path))
    }
}
