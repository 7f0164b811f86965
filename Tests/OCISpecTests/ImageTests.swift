import OCISpec
import Testing

@Suite struct ImageReferenceTests {
    private static let hex = String(repeating: "ab", count: 32)

    /// What `podman tag x TEXT` of Podman 4.3.1 names.
    @Test(
        "a local name is completed as Podman completes it",
        arguments: [
            ("foo", "localhost/foo:latest"), ("foo:1", "localhost/foo:1"),
            ("library/foo", "localhost/library/foo:latest"),
            ("docker.io/foo:1", "docker.io/library/foo:1"), ("index.docker.io/foo", "docker.io/library/foo:latest"),
            ("docker.io/a/b", "docker.io/a/b:latest"), ("quay.io/a/b:2", "quay.io/a/b:2"),
            ("localhost/foo", "localhost/foo:latest"), ("localhost:5000/foo", "localhost:5000/foo:latest"),
            ("localhost:5000", "localhost/localhost:5000"), ("a.b:5/c.d__e--f_g:T.1-x", "a.b:5/c.d__e--f_g:T.1-x"),
            ("[::1]:5000/a", "[::1]:5000/a:latest"), ("foo@sha256:\(hex)", "localhost/foo@sha256:\(hex)"),
            ("q.io/foo:1@sha256:\(hex)", "q.io/foo@sha256:\(hex)"),
        ])
    func local(_ text: String, _ full: String) throws {
        let reference = try ImageReference(local: text)
        #expect(reference.description == full)
        #expect(try ImageReference(parsing: full) == reference)
        #expect(try ImageReference(local: full) == reference)
    }

    @Test func aRegistrysNameIsDockerHubsUnlessItSaysAnother() throws {
        #expect(try ImageReference(parsing: "alpine").description == "docker.io/library/alpine")
        #expect(try ImageReference(parsing: "a/b:1").description == "docker.io/a/b:1")
        let both = try ImageReference(parsing: "q.io/foo:1@sha256:\(Self.hex)")
        #expect(both.tag == "1" && both.digest?.hex == Self.hex)
        #expect(try ImageReference(parsing: both.description) == both)
    }

    @Test(
        "what is no name is refused with a reason",
        arguments: [
            ("", "empty"), ("Foo", "lowercase"), ("a//b", "no part of a name"), ("/a", "no part"), ("a/", "no part"),
            ("a:", "tag"), ("a:.x", "tag"), ("a:\(String(repeating: "t", count: 129))", "tag"), ("a b", "no part"),
            ("a@sha256:aa", "sha256"), ("a@sha256:\(hex)@sha256:\(hex)", "sha256"), ("a@md5:\(hex)", "sha256"),
            ("a.b:99999/c", "registry host"), ("a.b:/c", "registry host"), ("-a.b/c", "registry host"),
            ("a___b", "no part"), ("a..b", "no part"), ("a_", "no part"), ("%2e%2e/a", "no part"),
            ("a/../b", "no part"),
            ("\u{fc}ber", "no part"), ("a\n", "no part"), (String(repeating: "a", count: 256), "255"),
            (String(repeating: "a/", count: 5000), "1024"),
        ])
    func refused(_ text: String, _ reason: String) throws {
        let error = try #require(throws: ImageReferenceError.self) { try ImageReference(local: text) }
        #expect(error.description.contains(reason), "\(error)")
        #expect(error.description.count < 400)
    }

    @Test func anIdIsNoName() {
        #expect(throws: ImageReferenceError.self) { try ImageReference(parsing: Self.hex) }
    }

    @Test func aShortNameIsLookedForInPodmansOrder() throws {
        let names = try ImageReference.candidates("foo:1", search: ["docker.io", "quay.io"])
        #expect(names.map(\.description) == ["localhost/foo:1", "docker.io/library/foo:1", "quay.io/foo:1"])
        #expect(
            try ImageReference.candidates("a.b/foo", search: ["docker.io"]).map(\.description) == ["a.b/foo:latest"])
    }
}

@Suite struct ImageDigestTests {
    private static let hex = String(repeating: "0123456789abcdef", count: 4)

    @Test func twoAlgorithmsAreKnown() {
        #expect(Digest("sha256:" + Self.hex)?.description == "sha256:" + Self.hex)
        #expect(Digest("sha512:" + Self.hex + Self.hex)?.algorithm == .sha512)
    }

    /// CVE-2024-3727: a digest becomes a path.
    @Test(
        "anything else is nothing",
        arguments: [
            "", "sha256", "sha256:", "sha256:../../../etc/x", "sha256:" + hex.uppercased(), "sha256:" + hex.dropLast(),
            "sha256:" + hex + "0", "sha512:" + hex, "md5:" + hex, "SHA256:" + hex, "sha256:" + hex + "\n",
            " sha256:" + hex,
            "sha256:sha256:" + hex, "sha256:" + hex.dropLast() + "\u{ff11}", "sha256+b64:" + hex,
        ])
    func refused(_ text: String) {
        #expect(Digest(text) == nil)
    }

    @Test func thirtyTwoBytesMakeOne() {
        #expect(Digest(sha256: [UInt8](repeating: 0xa0, count: 32))?.hex == String(repeating: "a0", count: 32))
        #expect(Digest(sha256: [1, 2]) == nil)
    }
}

@Suite struct ImageDocumentTests {
    @Test(
        "an ordinary document passes",
        arguments: [
            "{}", "[]", #" {"a":[1,2.5e3,true,null,"x\"}{"],"b":{"a":{}}} "#, #"[{"a":1},{"a":2}]"#,
            #"{"\u0061b":1,"b":"\ud83d\ude00"}"#,
        ])
    func accepted(_ text: String) {
        #expect(throws: Never.self) { try ImageJSON.check(Array(text.utf8)) }
    }

    @Test(
        "one that two readers could take differently does not",
        arguments: [
            (#"{"a":1,"a":2}"#, "twice"), (#"{"a":1,"\u0061":2}"#, "twice"), (#"{"x":{"k":[],"k":{}}}"#, "twice"),
            (#"{"\ud83d\ude00":1,"😀":2}"#, "twice"), (#"{"a\/":1,"a/":2}"#, "twice"), ("{} {}", "after its end"),
            ("[]x", "after its end"), ("", "complete"), ("{", "complete"), ("]", "bracket"), ("{]", "bracket"),
            (#"{"a"#, "inside a string"), (#"{"\u12"#, "escape"), (#"{"\ud800":1}"#, "surrogate"),
            (String(repeating: "[", count: 65), "deep"),
            (String(repeating: "[", count: 3_000_000), "deep"),
        ])
    func refused(_ text: String, _ reason: String) throws {
        let error = try #require(throws: ImageDocumentError.self) { try ImageJSON.check(Array(text.utf8)) }
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test func sizeAndEncodingAreBounded() {
        let long = Array("\"".utf8) + [UInt8](repeating: 97, count: 4 << 20)
        #expect(throws: ImageDocumentError.self) { try ImageJSON.check(long) }
        #expect(throws: ImageDocumentError.self) { try ImageJSON.check(Array("[\"".utf8) + [0xff] + Array("\"]".utf8)) }
    }

    @Test func theKindIsToldByTheFields() throws {
        #expect(
            try ImageDocumentKind(keys: ["config", "layers"], mediaType: nil, expected: ImageMediaType.dockerManifest)
                == .manifest)
        #expect(try ImageDocumentKind(keys: ["manifests"], mediaType: ImageMediaType.index, expected: nil) == .index)
    }

    /// CVE-2021-41190.
    @Test(
        "a document of two kinds has none",
        arguments: [
            (["config", "layers", "manifests"], nil, nil), (["manifests", "layers"], nil, nil), ([], nil, nil),
            (["config", "layers", "fsLayers"], nil, nil), (["config", "layers"], ImageMediaType.index, nil),
            (["manifests"], nil, ImageMediaType.manifest),
            (["config"], ImageMediaType.manifest, ImageMediaType.dockerManifest),
        ] as [([String], String?, String?)])
    func confusion(_ keys: [String], _ mediaType: String?, _ expected: String?) {
        #expect(throws: ImageDocumentError.self) {
            try ImageDocumentKind(keys: Set(keys), mediaType: mediaType, expected: expected)
        }
    }
}
