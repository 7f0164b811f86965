import LinuxSys
import OCISpec
import Testing

@testable import ContainerStorage

@Suite struct StorageTests {
    let test: TestStorage

    init() throws {
        test = try TestStorage()
    }

    @Test func blobsAreNamedByTheirDigest() throws {
        let digest = try test.storage.blobs.put([1, 2, 3])
        #expect(digest.description == "sha256:039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81")
        #expect(try test.storage.blobs.put([1, 2, 3]) == digest, "the second time it is there")
        #expect(try test.storage.blobs.read(digest) == [1, 2, 3])
        #expect(throws: StorageError.self) { try test.storage.blobs.read(digest, limit: 2) }
        try test.storage.blobs.remove(digest)
        try test.storage.blobs.remove(digest)
        #expect(try !test.storage.blobs.contains(digest))
        #expect(try test.leftovers().isEmpty)
    }

    /// A killed process frees its lock, so what it left looks like the first of these two.
    @Test func aSweepRemovesWhatTheDeadLeftAndSparesTheLiving() throws {
        let layers = test.path + "/root/layers"
        try File.makeDirectories(layers + "/tmp-dead/diff/etc")
        try File.makeDirectories(layers + "/tmp-living/diff/etc")
        let owner = try BeneathDirectory(opening: layers + "/tmp-living")
        #expect(try owner.tryLock())
        try test.storage.sweep()
        #expect(try test.leftovers() == ["layers/tmp-living"])
    }

    @Test func aLayerPublishedTwiceIsThereOnce() throws {
        let stream = TestImage.layer("a")
        let one = try test.storage.layers.unpack(MemorySource(stream))
        let two = try test.storage.layers.unpack(MemorySource(stream))
        try test.storage.publish(layers: [one, two], blobs: [])
        #expect(try test.leftovers() == ["layers/\(one.information.diffID.hex)"])
        #expect(try test.storage.layers.information(one.information.diffID) == one.information)
        try test.storage.layers.remove(one.information.diffID)
        #expect(try test.leftovers().isEmpty)
    }

    @Test func nobodyElseCanLookInside() throws {
        for directory in ["", "/layers", "/blobs/sha256", "/blobs", "/volumes", "/containers", "/tmp", "/trash"] {
            #expect(try File.identity(test.path + "/root" + directory).mode & 0o777 == 0o700)
        }
    }

    @Test func aTreeDeeperThanAnyPathIsRemovedAndLinksAreNotFollowed() throws {
        try File.makeDirectories(test.path + "/root/containers/c")
        try File.write(test.path + "/outside", "stays")
        var directory = try BeneathDirectory(opening: test.path + "/root/containers/c")
        try directory.makeSymbolicLink([1], to: Array(test.path.utf8))
        for _ in 0..<2100 {
            try directory.makeDirectory([UInt8]("d".utf8))
            directory = try directory.directory([UInt8]("d".utf8), links: .refused)
            _ = try directory.createFile([UInt8]("f".utf8))
        }
        try test.storage.removeContainer("c")
        try test.storage.removeContainer("c")
        #expect(try test.leftovers().isEmpty)
        #expect(try File.readText(test.path + "/outside") == "stays")
    }
}

@Suite struct OverlayTests {
    let test: TestStorage

    init() throws {
        test = try TestStorage()
    }

    private func layers() throws -> [Digest] {
        let base = try test.unpack(
            TarWriter.stream {
                $0.add("etc/motd", text: "hello")
                $0.add("etc/passwd", text: "root:x:0:0:root:/root:/bin/sh\n")
                $0.add("opt/old", text: "old")
            })
        let top = try test.unpack(
            TarWriter.stream {
                $0.add("etc/.wh.motd")
                $0.add("opt/.wh..wh..opq")
                $0.add("opt/new", text: "new")
            })
        return [base, top].map(\.pending.information.diffID)
    }

    @Test("the layers appear merged, both ways of mounting", arguments: [false, true])
    func merged(_ classic: Bool) throws {
        let mount = try test.storage.overlay(container: "c1", layers: try layers())
        try PrivateMounts.run {
            if classic { try mount.mountClassic(noDevices: true) } else { try mount.mount() }
            #expect(try File.names(in: mount.target + "/etc") == ["passwd"])
            #expect(try File.names(in: mount.target + "/opt") == ["new"])
            #expect(try File.identity(mount.target).mode & 0o7777 == 0o555)
            try File.write(mount.target + "/opt/mine", "x")
            try mount.unmount()
            #expect(try File.names(in: mount.target).isEmpty)
            try mount.unmount()
        }
        #expect(try File.names(in: #require(mount.upper).path + "/opt") == ["mine"])
        try test.storage.removeContainer("c1")
        #expect(try File.names(in: test.path + "/root/containers").isEmpty)
    }

    @Test func twoHundredAndFiftyLayersCanBeMounted() throws {
        let lower = (0..<250).map { "\(test.path)/many/\($0)" }
        for directory in lower + ["\(test.path)/u", "\(test.path)/w", "\(test.path)/t"] {
            try File.makeDirectories(directory)
        }
        let mount = OverlayMount(
            lower: lower, upper: UpperDirectory(path: "\(test.path)/u", work: "\(test.path)/w"),
            target: "\(test.path)/t")
        try PrivateMounts.run {
            try mount.mount()
            try mount.unmount()
        }
    }

    @Test func aMissingLayerIsNamed() throws {
        let digest = try TestImage.digest([1])
        let error = try #require(throws: StorageError.self) {
            try test.storage.overlay(container: "c1", layers: [digest])
        }
        #expect(error.code == .notFound && error.message.contains(digest.description))
    }

    @Test func aMountThatIsRefusedSaysWhatTheKernelSays() throws {
        let mount = OverlayMount(
            lower: ["/nonexistent"], upper: UpperDirectory(path: test.path, work: test.path), target: test.path)
        let error = try #require(throws: MountError.self) { try mount.mount() }
        #expect(error.code == .noSuchFileOrDirectory)
        #expect(error.description.contains("/nonexistent") || error.description.contains("overlay"))
    }
}
