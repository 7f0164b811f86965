import ContainerStorage
import LinuxSys
import Testing

/// A layer that must be refused, and a word of the reason.
struct HostileLayer: Sendable, CustomTestStringConvertible {
    let what: String
    let reason: String
    let build: @Sendable (inout TarWriter) -> Void

    init(_ what: String, _ reason: String, _ build: @escaping @Sendable (inout TarWriter) -> Void) {
        self.what = what
        self.reason = reason
        self.build = build
    }

    var testDescription: String { what }

    static let names: [HostileLayer] = [
        .init("parent directory", "..") { $0.add("../../tmp/pwn") },
        .init("parent directory in the middle", "..") { $0.add("a/../../x") },
        .init("parent directory that stays inside", "..") { $0.add("a/../x") },
        .init("file through a link to the host", "follow the link") {
            $0.add("l", type: "2", link: "/etc")
            $0.add("l/cron.d/pwn", text: "x")
        },
        .init("file through a link upwards", "follow the link") {
            $0.add("f", text: "x")
            $0.add("l", type: "2", link: "../../../f")
            $0.add("l/x", text: "x")
        },
        .init("file below a file", "no directory") {
            $0.add("f", text: "x")
            $0.add("f/x", text: "x")
        },
        .init("link loop", "symbolic link") {
            $0.add("l", type: "2", link: "l")
            $0.add("l/x")
        },
        .init("name of 5000 bytes", "bytes") {
            $0.add([1], pax: [("path", Array([[UInt8]](repeating: [97, 47], count: 2500).joined()))])
        },
        .init("component of 256 bytes", "256") {
            $0.add([1], pax: [("path", [UInt8](repeating: 97, count: 256))])
        },
        .init("root that is a file", "root") { $0.add(".", text: "x") },
        .init("directory with content", "content") { $0.add("d/", text: "x") },
    ]

    static let links: [HostileLayer] = [
        .init("hard link to the host", "..") { $0.add("h", type: "1", link: "../../etc/passwd") },
        .init("hard link to a sibling with the same prefix", "..") { $0.add("h", type: "1", link: "../diffEVIL/x") },
        .init("hard link to nothing", "hard link to") { $0.add("h", type: "1", link: "etc/passwd") },
        .init("hard link to an absolute name", "not in this layer") { $0.add("h", type: "1", link: "/passwd") },
        .init("hard link to a directory", "directory") {
            $0.add("d/", type: "5", mode: 0o755)
            $0.add("h", type: "1", link: "d")
        },
        .init("hard link to a whiteout", "whiteout") { $0.add("h", type: "1", link: ".wh.x") },
        .init("hard link to a deleted file", "not in this layer") {
            $0.add(".wh.x")
            $0.add("h", type: "1", link: "x")
        },
        .init("hard link through a link to the host", "passwd") {
            $0.add("l", type: "2", link: "/etc")
            $0.add("h", type: "1", link: "l/passwd")
        },
        .init("hard link with content", "content") {
            $0.add("a", text: "a")
            $0.add([UInt8]("h".utf8), type: "1", content: [1, 2], link: [97], pax: [("mtime", [49])])
        },
    ]

    static let others: [HostileLayer] = [
        .init("whiteout of nothing", "whiteout") { $0.add(".wh.") },
        .init("whiteout of .", "whiteout") { $0.add("d/.wh..") },
        .init("whiteout of ..", "whiteout") { $0.add("d/.wh...") },
        .init("file below a whiteout", "below a whiteout") { $0.add(".wh.a/b") },
        .init("overlayfs' whiteout itself", "0:0") { $0.add("x", type: "3") },
        .init("owner that chown ignores", "4294967295") { $0.add([97], pax: [("uid", [UInt8]("4294967295".utf8))]) },
        .init("group beyond 32 bits", "4294967296") { $0.add([97], pax: [("gid", [UInt8]("4294967296".utf8))]) },
        .init("damaged pax header", "pax") {
            $0.add([UInt8]("p".utf8), type: "x", content: [UInt8]("9999 path=x\n".utf8))
            $0.add("a")
        },
        .init("negative pax size", "size") { $0.add([97], pax: [("size", [UInt8]("-1".utf8))]) },
        .init("empty pax size", "size") { $0.add([97], pax: [("size", [])]) },
        .init("pax size with more behind its digits", "size") { $0.add([97], pax: [("size", [UInt8]("0x".utf8))]) },
        .init("pax name with a NUL byte", "NUL") { $0.add([97], pax: [("path", [97, 0, 98])]) },
        .init("pax name and GNU name for one entry", "disagree") {
            $0.add([UInt8]("pax".utf8), type: "x", content: TarWriter.record("path", [UInt8]("two".utf8)))
            $0.addLong("L", [UInt8]("one".utf8))
            $0.add("a")
        },
        .init("header's size that is cut short by letters", "disagree") {
            $0.add("a")
            $0.add([98], content: [1]) { $0[126] = UInt8(ascii: "x") }
        },
        .init("content that is missing", "runcated") { $0.add([97], content: [1], size: 1 << 20) },
        .init("header with a wrong checksum", "") {
            $0.add("a")
            $0.append(raw: [UInt8](repeating: 65, count: 512))
        },
        .init("pax header of 2 MiB", "too large") {
            $0.add([97], pax: [("comment", [UInt8](repeating: 97, count: 2 << 20))])
        },
        .init("damaged capability", "security.capability") {
            $0.add([97], pax: [("SCHILY.xattr.security.capability", [1, 2])])
        },
        .init("attribute of 70 KB", "too large") {
            $0.add([97], pax: [("SCHILY.xattr.user.x", [UInt8](repeating: 97, count: 70_000))])
        },
    ]
}

@Suite struct HostileLayerTests {
    let test: TestStorage

    init() throws {
        test = try TestStorage()
    }

    @Test(
        "is refused, and nothing of it stays", arguments: HostileLayer.names + HostileLayer.links + HostileLayer.others)
    func refused(_ layer: HostileLayer) throws {
        let error = try #require(throws: (any Error).self) { try test.unpack(TarWriter.stream(layer.build)) }
        #expect("\(error)".contains(layer.reason), "\(error)")
        #expect(!"\(error)".contains("\n"))
        #expect(try test.leftovers().isEmpty)
        #expect(!File.exists("/tmp/pwn") && !File.exists("/etc/cron.d/pwn"))
    }

    /// CVE-2026-33056: an entry for a directory must not act on the link that has its name.
    @Test func aDirectoryEntryReplacesALinkOfItsName() throws {
        let victim = test.path + "/victim"
        try File.makeDirectories(victim)
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add("l", type: "2", link: victim)
                $0.add("l/", type: "5", mode: 0o777, owner: 65534)
                $0.add("l/x", text: "x")
            })
        #expect(try layer.status("l").type == .directory)
        #expect(try File.identity(victim).mode & 0o777 == 0o700)
        #expect(try File.names(in: victim).isEmpty)
    }

    /// CVE-2025-62518: the pax size counts, so the header inside the content stays content.
    @Test func thePaxSizeWinsOverTheHeaders() throws {
        var inner = TarWriter()
        inner.add("smuggled", text: "x")
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add(
                    [UInt8]("outer".utf8), content: inner.bytes, size: 0,
                    pax: [("size", [UInt8](String(inner.bytes.count).utf8))])
            })
        #expect(try layer.files.entries().map(\.name) == [[UInt8]("outer".utf8)])
        #expect(try layer.status("outer").size == Int64(inner.bytes.count))
    }

    /// CVE-2021-20291: an xz stream that is cut must not be waited for.
    @Test("a cut stream ends with an error, wherever it is cut", .timeLimit(.minutes(1)), arguments: Packed.all)
    func cut(_ packing: Packed.Form) throws {
        let packed = packing.pack(TarWriter.stream { $0.add("a", text: "b") })
        for length in 1..<packed.count {
            #expect(throws: (any Error).self, "cut at \(length)") { try test.unpack(Array(packed.prefix(length))) }
        }
        #expect(try test.leftovers().isEmpty)
        #expect(try test.unpack(packed).text("a") == "b")
    }

    @Test func aDecompressionBombIsStopped() throws {
        var limits = LayerLimits()
        limits.ratioFloor = 8 << 20
        let error = try #require(throws: StorageError.self) {
            try test.unpack(Packed.zstdZeros(100_000), limits: limits)
        }
        #expect(error.code == .limit)
    }

    @Test func eachLimitIsAnError() throws {
        var few = LayerLimits()
        few.entries = 2
        var short = LayerLimits()
        short.streamBytes = 1000
        var room = LayerLimits()
        room.keepFreePercent = 100
        room.keepFreeBytes = .max
        let stream = TarWriter.stream { tar in for name in ["a", "b", "c"] { tar.add(name) } }
        for limits in [few, short, room] {
            #expect(throws: StorageError.self) { try test.unpack(stream, limits: limits) }
        }
        #expect(try test.leftovers().isEmpty)
    }
}
