import ContainerStorage
import LinuxSys
import OCISpec
import Testing

/// Builds archives of images, right and wrong.
private struct ArchiveBuilder {
    var files: [(name: String, bytes: [UInt8])] = []
    var links: [(name: String, target: String)] = []

    var bytes: [UInt8] {
        TarWriter.stream { tar in
            for link in links { tar.add(link.name, type: "2", link: link.target) }
            for file in files { tar.add(Array(file.name.utf8), content: file.bytes) }
        }
    }

    /// What `docker save` writes: layers first, `manifest.json` last.
    static func docker(
        _ layers: [[UInt8]], tags: String = #"["web:1"]"#, diffIDs: [String]? = nil, tail: String = ""
    ) throws -> ArchiveBuilder {
        var archive = ArchiveBuilder()
        let digests = try layers.map { try TestImage.digest($0) }
        for (digest, layer) in zip(digests, layers) { archive.files.append(("\(digest.hex)/layer.tar", layer)) }
        let configuration = TestImage.configuration(diffIDs ?? digests.map(\.description))
        archive.files.append(("config.json", configuration))
        let names = digests.map { "\"\($0.hex)/layer.tar\"" }.joined(separator: ",")
        let manifest = #"[{"Config":"config.json","RepoTags":\#(tags),"Layers":[\#(names)]\#(tail)}]"#
        archive.files.append(("manifest.json", Array(manifest.utf8)))
        return archive
    }

    /// An OCI layout with one image of one gzip layer; the texts can be forged.
    static func oci(
        names: [String], alterManifest: (String) -> String = { $0 }, alterLayer: ([UInt8]) -> [UInt8] = { $0 }
    ) throws -> ArchiveBuilder {
        var archive = ArchiveBuilder()
        let layer = TestImage.layer("oci")
        let packed = Packed.gzip(layer)
        let configuration = TestImage.configuration(["\(try TestImage.digest(layer))"])
        let blob = { (bytes: [UInt8], type: String) in
            #"{"mediaType":"\#(type)","digest":"\#(try TestImage.digest(bytes))","size":\#(bytes.count)"#
        }
        let manifest = alterManifest(
            #"{"schemaVersion":2,"mediaType":"\#(ImageMediaType.manifest)","config":"#
                + (try blob(configuration, ImageMediaType.configuration))
                + #"},"layers":["# + (try blob(packed, "application/vnd.oci.image.layer.v1.tar+gzip")) + "}]}")
        let bytes = Array(manifest.utf8)
        let entries = try names.map {
            try blob(bytes, ImageMediaType.manifest)
                + #","annotations":{"org.opencontainers.image.ref.name":"\#($0)"}}"#
        }
        archive.files = [
            ("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)),
            ("index.json", Array(#"{"schemaVersion":2,"manifests":[\#(entries.joined(separator: ","))]}"#.utf8)),
        ]
        for (content, stored) in [(bytes, bytes), (configuration, configuration), (packed, alterLayer(packed))] {
            archive.files.append(("blobs/sha256/\(try TestImage.digest(content).hex)", stored))
        }
        return archive
    }
}

@Suite struct ImageArchiveTests {
    let test: TestStorage

    init() throws {
        test = try TestStorage()
    }

    private func load(_ bytes: [UInt8]) throws -> [LoadedImage] {
        let path = test.path + "/archive"
        try File.write(path, bytes)
        return try ImageArchive(into: test.storage).load(path: path)
    }

    @Test func aDockerArchiveIsLoaded() throws {
        let layers = [TestImage.layer("a"), TestImage.layer("b")]
        let image = try #require(try load(ArchiveBuilder.docker(layers).bytes).first)
        #expect(image.names.map(\.description) == ["localhost/web:1"])
        #expect(image.layers == (try layers.map { try TestImage.digest($0) }))
        #expect(image.configuration.config?.user == "1:2")
        #expect(try test.storage.blobs.read(image.id) == image.configurationBytes)
        #expect(try test.storage.blobs.read(image.manifestDigest) == image.manifest)
        let content = layers.reduce(0) { $0 + $1.count }
        #expect(image.size == Int64(content + image.configurationBytes.count + 2 * image.manifest.count))
        #expect(try File.names(in: test.storage.layers.contentPath(image.layers[1])) == ["b"])
    }

    @Test("it can be compressed as a whole", arguments: [Compression.gzip, .zstd])
    func compressed(_ compression: Compression) throws {
        let bytes = try ArchiveBuilder.docker([TestImage.layer("a")]).bytes
        #expect(try load(compression == .gzip ? Packed.gzip(bytes) : Packed.zstd(bytes)).count == 1)
    }

    @Test func itCanComeThroughAPipeWithItsLayersFirst() throws {
        let bytes = try ArchiveBuilder.docker([TestImage.layer("a")]).bytes
        var pipe: Pipe? = try Pipe()
        guard let ends = pipe.take() else { return }
        let input = try ends.readEnd.duplicate()
        let output = try ends.writeEnd.duplicate()
        _ = consume ends
        let number = output.release()
        let writer = try ThreadBound { try OwnedFD(adopting: number).write(all: bytes) }
        #expect(try ImageArchive(into: test.storage).load(input, name: "-").count == 1)
        try writer.join()
    }

    @Test func aLayerCanBeALinkToAnother() throws {
        var archive = try ArchiveBuilder.docker([TestImage.layer("a")])
        let real = archive.files[0].name
        archive.links = [("old/layer.tar", "../" + real)]
        archive.files[2].bytes = Array(#"[{"Config":"config.json","RepoTags":null,"Layers":["old/layer.tar"]}]"#.utf8)
        let image = try #require(try load(archive.bytes).first)
        #expect(image.names.isEmpty)
        #expect(try File.names(in: test.storage.layers.contentPath(image.layers[0])) == ["a"])
    }

    @Test func aLayerThatIsHereIsNotUnpackedButVerified() throws {
        let archive = try ArchiveBuilder.docker([TestImage.layer("a")])
        let first = try load(archive.bytes)
        var seen: [ImageProgress] = []
        let path = test.path + "/archive"
        let again = try ImageArchive(into: test.storage, progress: { seen.append($0) }).load(path: path)
        #expect(first == again)
        #expect(seen.first == .layerExists(diffID: first[0].layers[0]))
        var damaged = archive
        damaged.files[0].bytes[600] ^= 1
        #expect(throws: StorageError.self) { try load(damaged.bytes) }
    }

    @Test func anOCIArchiveIsLoadedWithAllItsNames() throws {
        let image = try #require(try load(ArchiveBuilder.oci(names: ["latest", "quay.io/a/b:2"]).bytes).first)
        #expect(image.names.map(\.description) == ["localhost/latest:latest", "quay.io/a/b:2"])
        #expect(try File.names(in: test.storage.layers.contentPath(image.layers[0])) == ["oci"])
    }

    @Test func anOCILayoutCanBeADirectory() throws {
        let layout = test.path + "/layout"
        for file in try ArchiveBuilder.oci(names: ["web"]).files {
            try File.makeDirectories(layout + "/blobs/sha256")
            try File.write(layout + "/" + file.name, file.bytes)
        }
        #expect(try ImageArchive(into: test.storage).load(path: layout).count == 1)
    }

    @Test func aWrongDiffIDIsRefusedAndNothingBecomesVisible() throws {
        let wrong = "sha256:" + String(repeating: "0", count: 64)
        let error = try #require(throws: StorageError.self) {
            try load(ArchiveBuilder.docker([TestImage.layer("a")], diffIDs: [wrong]).bytes)
        }
        #expect(error.message.contains(wrong))
        #expect(try test.leftovers().isEmpty)
    }

    @Test("a forged OCI blob is refused", arguments: ["digest", "size", "cut"])
    func forgedBlob(_ forgery: String) throws {
        let archive = try ArchiveBuilder.oci(
            names: ["web"],
            alterLayer: { bytes in
                switch forgery {
                case "digest": bytes.dropLast() + [bytes[bytes.count - 1] ^ 1]
                case "size": bytes + [0]
                default: Array(bytes.dropLast(9))
                }
            })
        #expect(throws: StorageError.self) { try load(archive.bytes) }
        #expect(try test.leftovers().isEmpty)
    }

    @Test(
        "a document that can be read in two ways is refused",
        arguments: [
            (#""schemaVersion":2"#, #""schemaVersion":2,"schemaVersion":2"#, "twice"),
            (#""schemaVersion":2"#, #""schemaVersion":2,"manifests":[]"#, "ambiguous"),
            (ImageMediaType.manifest, ImageMediaType.index, "announced"),
            (#""sha256:"#, #""sha256:../../"#, "digest"),
            (#""layers":["#, #""layers":[],"layers":["#, "twice"),
        ])
    func confusion(_ old: String, _ new: String, _ reason: String) throws {
        let archive = try ArchiveBuilder.oci(
            names: ["web"],
            alterManifest: { text in
                guard let range = text.firstRange(of: old) else { return text }
                return text.replacingCharacters(range, new)
            })
        let error = try #require(throws: StorageError.self) { try load(archive.bytes) }
        #expect(error.message.contains(reason) || error.message.contains("says it is"), "\(error)")
        #expect(!error.message.contains("\n"))
    }

    @Test(
        "a wrong manifest.json is refused",
        arguments: [
            ("[]", "no image"), ("{}", "wrong type"), (#"[{"Config":"config.json"}]"#, "missing"),
            (#"[{"Config":"../../etc/passwd","Layers":[]}]"#, "missing"),
            (#"[{"Config":"config.json","RepoTags":["a b:1"],"Layers":[]}]"#, "invalid image name"),
            (#"[{"Config":"config.json","RepoTags":["a"],"Layers":["x"]}]"#, "name:tag"),
            (#"[{"Config":"config.json","Layers":[]}]"#, "0 layers"),
            (#"[{"Config":"config.json","Config":"b","Layers":[]}]"#, "twice"),
            (String(repeating: "[", count: 100_000), "deep"),
        ])
    func wrongIndex(_ text: String, _ reason: String) throws {
        var archive = try ArchiveBuilder.docker([TestImage.layer("a")])
        archive.files[2].bytes = Array(text.utf8)
        let error = try #require(throws: StorageError.self) { try load(archive.bytes) }
        #expect(error.message.contains(reason), "\(error)")
    }

    @Test func aFileThatIsThereTwiceIsNotChosenFrom() throws {
        var archive = try ArchiveBuilder.docker([TestImage.layer("a")])
        archive.files.append(("./config.json", archive.files[1].bytes))
        let error = try #require(throws: StorageError.self) { try load(archive.bytes) }
        #expect(error.message.contains("twice"))
    }

    @Test func namesThatAreTooLongTogetherAreRefused() throws {
        var archive = try ArchiveBuilder.docker([TestImage.layer("a")])
        let name = String(repeating: "n", count: 90)
        archive.links = (0..<5).map { ("\(name)\($0)", String(repeating: "t", count: 99)) }
        #expect(try load(archive.bytes).count == 1)
        let long = TarWriter.stream { tar in
            for number in 0..<20 {
                tar.addLong("L", Array("\(number)".utf8) + [UInt8](repeating: 97, count: 500_000))
                tar.addLong("K", [UInt8](repeating: 98, count: 500_000))
                tar.add("l", type: "2", link: "x")
            }
        }
        let error = try #require(throws: StorageError.self) { try load(long) }
        #expect(error.code == .limit && error.message.contains("bytes of names"))
    }

    @Test func whatIsNoArchiveGetsAReasonForEachFormat() throws {
        #expect(throws: StorageError.self) { try load([]) }
        #expect(throws: StorageError.self) { try load(Array("junk".utf8)) }
        let error = try #require(throws: StorageError.self) { try load(TestImage.layer("a")) }
        #expect(
            error.message
                == "payload does not match any of the supported image formats: "
                + "oci-archive: no file index.json; docker-archive: no file manifest.json")
    }
}

extension String {
    fileprivate func firstRange(of other: String) -> Range<String.Index>? {
        indices.first { self[$0...].hasPrefix(other) }.map { $0..<index($0, offsetBy: other.count) }
    }

    fileprivate func replacingCharacters(_ range: Range<String.Index>, _ other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
