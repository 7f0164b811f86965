import ContainerStorage
import LinuxSys
import OCISpec
import Testing

@Suite struct LayerUnpackTests {
    let test: TestStorage

    init() throws {
        test = try TestStorage()
    }

    @Test func anEntryKeepsModeOwnerTimeAndContent() throws {
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add("usr/", type: "5", mode: 0o1777, owner: 7, group: 8, modified: 5)
                $0.add("usr/sudo", mode: 0o4755, owner: 1000, group: 1001, text: "setuid", modified: 123)
            })
        let file = try layer.status("usr/sudo")
        #expect(file.permissions == 0o4755)
        #expect([file.owner, file.group] == [1000, 1001])
        #expect(file.modified == FileTime(seconds: 123))
        #expect(try layer.text("usr/sudo") == "setuid")
        let directory = try layer.status("usr")
        #expect(directory.permissions == 0o1777)
        #expect(directory.modified == FileTime(seconds: 5), "making the file must not change it")
    }

    @Test func aDirectoryHasTheTimeOfItsLastEntryWhateverIsMadeInIt() throws {
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add("a/", type: "5", mode: 0o755, modified: 5)
                $0.add("b/", type: "5", mode: 0o755, modified: 6)
                $0.add("b/x", text: "x")
                $0.add("a/x", text: "x")
                $0.add("a/new/way/x", text: "x")
                $0.add("b/.wh.y")
                $0.add("l", type: "2", link: "/a")
                $0.add("l/z", text: "z")
                $0.add("a/.wh.late")
                $0.add("a/late/x", text: "x")
                $0.add("b/x", text: "replaced")
                $0.add("a/b", type: "1", link: "b/x")
                $0.add("b/", type: "5", mode: 0o755, modified: 7)
                $0.add("b/sub/", type: "5", mode: 0o755, modified: 8)
                $0.add("b/sub/x", text: "x")
            })
        #expect(try ["a", "b", "b/sub"].map { try layer.status($0).modified.seconds } == [5, 7, 8])
    }

    @Test func theDigestIsThatOfTheWholeStreamAlsoBehindItsEnd() throws {
        let stream = TarWriter.stream { $0.add("a", text: "a") } + [UInt8](repeating: 0, count: 9000) + [1]
        let layer = try test.unpack(stream)
        #expect(layer.pending.information.diffID == (try TestImage.digest(stream)))
        #expect(layer.pending.information.size == Int64(stream.count))
        #expect(layer.pending.blobDigest == layer.pending.information.diffID)
    }

    @Test("a compressed stream has two digests", arguments: [Compression.gzip, .zstd])
    func compressed(_ compression: Compression) throws {
        let stream = TarWriter.stream { $0.add("a", text: String(repeating: "b", count: 200_000)) }
        let packed = compression == .gzip ? Packed.gzip(stream) : Packed.zstd(stream)
        let layer = try test.unpack(packed)
        #expect(layer.pending.information.diffID == (try TestImage.digest(stream)))
        #expect(layer.pending.blobDigest == (try TestImage.digest(packed)))
        #expect(layer.pending.blobSize == Int64(packed.count))
        #expect(try layer.text("a").count == 200_000)
    }

    @Test func anEmptyStreamIsAnEmptyLayer() throws {
        let layer = try test.unpack([UInt8](repeating: 0, count: 1024))
        #expect(try layer.files.isEmpty())
        #expect(try layer.status(".").permissions == 0o555)
    }

    @Test func aWhiteoutBecomesADevice() throws {
        let layer = try test.unpack(TarWriter.stream { $0.add("etc/.wh.motd") })
        #expect(try layer.status("etc/motd").isWhiteout)
        #expect(try layer.files.directory([UInt8]("etc".utf8), links: .refused).entries().count == 1)
    }

    @Test func anOpaqueDirectoryGetsTheAttribute() throws {
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add("etc/.wh..wh..opq")
                $0.add("etc/new", text: "n")
                $0.add(".wh..wh.plnk/1.2")
            })
        #expect(try layer.attributes("etc")["trusted.overlay.opaque"] == [UInt8(ascii: "y")])
        #expect(try layer.files.entries().map(\.name) == [[UInt8]("etc".utf8)])
        #expect(!layer.pending.information.isOpaque)
    }

    @Test func anOpaqueRootIsRemembered() throws {
        #expect(try test.unpack(TarWriter.stream { $0.add(".wh..wh..opq") }).pending.information.isOpaque)
    }

    /// OCI image-spec, layer.md: a whiteout applies to the layers below only.
    @Test func whatOneLayerAddsAndWhitesOutStays() throws {
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add("file", text: "kept")
                $0.add(".wh.file")
                $0.add(".wh.first")
                $0.add("first", text: "also kept")
                $0.add("dir/inner", text: "i")
                $0.add(".wh.dir")
                $0.add(".wh.late")
                $0.add("late/inner", text: "l")
                $0.add(".wh.gone")
                $0.add("gone/.wh.inner")
            })
        #expect(try layer.text("file") == "kept")
        #expect(try layer.text("first") == "also kept")
        #expect(try layer.text("dir/inner") == "i")
        for directory in ["dir", "late"] {
            #expect(try layer.attributes(directory)["trusted.overlay.opaque"] == [UInt8(ascii: "y")])
        }
        #expect(try layer.status("gone").isWhiteout)
    }

    @Test func hardLinksShareOneFile() throws {
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add("a", mode: 0o600, owner: 5, text: "shared")
                $0.add("d/b", type: "1", link: "./a")
                $0.add("s", type: "2", link: "/nowhere")
                $0.add("t", type: "1", link: "s")
            })
        #expect(try layer.status("a").inode == layer.status("d/b").inode)
        #expect(try layer.status("a").owner == 5)
        #expect(try layer.status("t").type == .symbolicLink)
    }

    @Test func extendedAttributesAreKeptButNotOverlayfsOwn() throws {
        let capability: [UInt8] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add(
                    "ping", mode: 0o755, owner: 1,
                    pax: [
                        ("SCHILY.xattr.security.capability", capability), ("SCHILY.xattr.user.note", [0, 255]),
                        ("SCHILY.xattr.trusted.overlay.redirect", [UInt8]("/etc".utf8)),
                        ("SCHILY.xattr.user.overlay.opaque", [UInt8]("y".utf8)),
                        ("SCHILY.xattr.security.selinux", [UInt8]("x".utf8)),
                    ])
            })
        let attributes = try layer.attributes("ping")
        #expect(attributes["security.capability"] == capability)
        #expect(attributes["user.note"] == [0, 255])
        #expect(attributes.count == 2)
    }

    @Test func devicesAndFifosAreMade() throws {
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add("null", type: "3", mode: 0o666, device: (1, 3))
                $0.add("loop", type: "4", mode: 0o660, group: 6, device: (7, 0))
                $0.add("pipe", type: "6", mode: 0o622)
            })
        #expect(try layer.status("null").represents == DeviceNumber(major: 1, minor: 3))
        #expect(try layer.status("null").permissions == 0o666)
        #expect(try layer.status("loop").type == .blockDevice)
        #expect(try layer.status("pipe").permissions == 0o622)
    }

    @Test func namesAreBytes() throws {
        let wild: [UInt8] = [0xff, 0xfe, 0x41]
        let long = [UInt8](repeating: UInt8(ascii: "n"), count: 255)
        let german = [UInt8]("\u{fc}ber/stra\u{df}e".utf8)
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add(wild, content: [1])
                $0.add([UInt8]("short".utf8), content: [2], pax: [("path", long)])
                $0.addLong("L", [UInt8]("gnu/".utf8) + long)
                $0.add("short2", text: "3")
                $0.add([UInt8]("short3".utf8), content: [4], pax: [("path", german)])
                $0.add(
                    [UInt8]("short4".utf8), content: [5],
                    pax: [("path", [0xfe] + wild), ("hdrcharset", [UInt8]("BINARY".utf8))])
                $0.add("link", type: "2", link: "header", pax: [("linkpath", wild)])
            })
        for name in [wild, long, [UInt8]("gnu/".utf8) + long, german, [0xfe] + wild] {
            #expect(throws: Never.self) { _ = try layer.files.node(name) }
        }
        #expect(try layer.files.linkTarget([UInt8]("link".utf8)) == wild)
    }

    @Test func anAbsoluteNameIsBelowTheLayersRoot() throws {
        let layer = try test.unpack(TarWriter.stream { $0.add("//tmp/./swiftlet-absolute", text: "x") })
        #expect(try layer.text("tmp/swiftlet-absolute") == "x")
        #expect(!File.exists("/tmp/swiftlet-absolute"))
    }

    @Test func linksOnTheWayAreFollowedInsideTheLayer() throws {
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add("usr/lib/", type: "5", mode: 0o755)
                $0.add("lib", type: "2", link: "/usr/lib")
                $0.add("lib/libc.so", text: "c")
            })
        #expect(try layer.text("usr/lib/libc.so") == "c")
    }

    @Test func aSparseFileKeepsItsHoles() throws {
        let data = [UInt8](repeating: 7, count: 512)
        let real: Int64 = 64 << 20
        let layer = try test.unpack(
            TarWriter.stream { tar in
                tar.add([UInt8]("disk".utf8), type: "S", content: data) { header in
                    let put = { (header: inout [UInt8], offset: Int, number: Int64) in
                        let digits = String(number, radix: 8)
                        let text = String(repeating: "0", count: 11 - digits.count) + digits
                        for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
                    }
                    for (index, byte) in [UInt8]("ustar  \u{0}".utf8).enumerated() { header[257 + index] = byte }
                    for index in 265..<500 { header[index] = 0 }
                    put(&header, 386, 1 << 20)
                    put(&header, 398, 512)
                    put(&header, 483, real)
                }
            })
        #expect(try layer.status("disk").size == real)
        let file = try layer.files.file([UInt8]("disk".utf8), links: .refused)
        #expect(try file.read(upTo: 512, at: 1 << 20) == data)
        #expect(try file.read(upTo: 512, at: 1 << 19) == [UInt8](repeating: 0, count: 512))
    }

    @Test func theLastEntryOfANameWins() throws {
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add("a/b/c", text: "deep")
                $0.add("a", text: "a file now")
                $0.add("x", text: "first")
                $0.add("y", type: "1", link: "x")
                $0.add("x", text: "second")
            })
        #expect(try layer.text("a") == "a file now")
        #expect(try layer.text("x") == "second")
        #expect(try layer.text("y") == "first", "what is replaced is not written into")
        try test.storage.sweep()
        #expect(try test.leftovers().count == 1)
    }
}
