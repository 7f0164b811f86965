import LinuxSys
import OCISpec
import Testing

@testable import ContainerStorage

private func registries(_ text: String) throws -> RegistriesConfiguration {
    var configuration = RegistriesConfiguration(path: "registries.conf")
    try configuration.add(RegistriesFile(text: text, path: "registries.conf"), path: "registries.conf")
    return configuration
}

@Suite("registries.conf") struct RegistriesTests {
    private static let text = """
        unqualified-search-registries = ["one.test", "two.test"]
        [aliases]
        "tool" = "pinned.test/kit/tool"
        [[registry]]
        prefix = "example.test"
        location = "127.0.0.1:5000/example"
        [[registry.mirror]]
        location = "mirror.test/all"
        insecure = true
        [[registry.mirror]]
        location = "digests.test"
        pull-from-mirror = "digest-only"
        [[registry]]
        prefix = "example.test/inner"
        location = "inner.test"
        insecure = true
        [[registry]]
        location = "bad.test"
        blocked = true
        [[registry]]
        prefix = "*.wild.test"
        location = "cache.test"
        """

    @Test(
        "A name leads to the mirrors and the location of the longest prefix",
        arguments: [
            ("example.test/a:1", ["mirror.test/all/a:1", "127.0.0.1:5000/example/a:1"]),
            ("example.test/inner/a:1", ["inner.test/a:1"]),
            ("example.test/innermost/a:1", ["mirror.test/all/innermost/a:1", "127.0.0.1:5000/example/innermost/a:1"]),
            ("example.test:5000/a:1", ["example.test:5000/a:1"]),
            ("example.test.evil/a:1", ["example.test.evil/a:1"]),
            ("x.wild.test/a:1", ["cache.test/a:1"]),
            ("wild.test/a:1", ["wild.test/a:1"]),
            ("other.test/a:1", ["other.test/a:1"]),
        ])
    func sources(name: String, wanted: [String]) throws {
        let found = try registries(Self.text).sources(for: ImageReference(parsing: name))
        #expect(found.map(\.reference.description) == wanted)
    }

    @Test("A mirror for digests is asked for digests only")
    func digestMirror() throws {
        let name = "example.test/a@sha256:" + String(repeating: "a", count: 64)
        let found = try registries(Self.text).sources(for: ImageReference(parsing: name))
        #expect(found.map(\.reference.registry) == ["mirror.test", "digests.test", "127.0.0.1:5000"])
        #expect(found.map(\.isInsecure) == [true, false, false])
        #expect(found.map(\.isMirror) == [true, true, false])
    }

    @Test(
        "What toml++ would end the program at is an error with its line",
        arguments: [
            "[", "[[\n", "[\ra]", "[]", "[[=x]]", "[ \u{FFFD}registry]", "[.a]", "[[[registry]]]", "a = [}",
            "a = [1, }]",
            "'#' = [ # [\n\"\"\", \\\"\n\"\"\", }]",
        ])
    func mistakes(text: String) {
        let error = #expect(throws: StorageError.self) { try registries("\n" + text) }
        #expect(error?.message.contains(": line ") == true)
    }

    @Test("Brackets in strings, comments and arrays of several lines are none of these")
    func notMistaken() throws {
        let text = #"""
            # [ } [}
            credential-helpers = ["[}", '\', '''
            [=], }]
            ''', "\"[}"]
            unqualified-search-registries = [ # [}
              "a.test" ,
            ]
              [[ "registry" ]]
            prefix = 'a.test'
            location = "b.test"
            mirror = [{location = "c.test", pull-from-mirror = 'all'}, {location = "d.test"},
            ]
            """#
        let found = try registries(text).sources(for: ImageReference(parsing: "a.test/x:1"))
        #expect(found.map(\.reference.description) == ["c.test/x:1", "d.test/x:1", "b.test/x:1"])
    }

    @Test("A blocked registry is refused by name")
    func blocked() throws {
        let error = #expect(throws: StorageError.self) {
            try registries(Self.text).sources(for: ImageReference(parsing: "bad.test/a:1"))
        }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("bad.test is blocked") == true)
    }

    @Test("R14: a name that is pinned never leads to another registry")
    func shortNames() throws {
        let configuration = try registries(Self.text)
        #expect(try configuration.candidates("tool:2").map(\.description) == ["pinned.test/kit/tool:2"])
        #expect(try configuration.candidates("one.test/x").map(\.description) == ["one.test/x:latest"])
        #expect(try configuration.candidates("x").map(\.description) == ["one.test/x:latest", "two.test/x:latest"])
        let enforcing = try registries(#"short-name-mode="enforcing""# + "\n" + Self.text)
        #expect(throws: StorageError.self) { try enforcing.candidates("x") }
        #expect(throws: StorageError.self) { try registries("").candidates("x") }
    }

    @Test("A person is asked where several registries could have a name, unless that is disabled")
    func choices() throws {
        for (mode, isChoice, isEnforced) in [
            ("permissive", true, false), ("enforcing", true, true), ("disabled", false, false),
        ] {
            let resolution = try registries("short-name-mode=\"\(mode)\"\n" + Self.text).resolve("x:1")
            #expect(resolution.images.map(\.description) == ["one.test/x:1", "two.test/x:1"])
            #expect(resolution.isChoice == isChoice && resolution.isEnforced == isEnforced, "\(mode)")
            #expect(resolution.note == "Resolving \"x\" using unqualified-search registries (registries.conf)")
        }
        let pinned = try registries("short-name-mode=\"enforcing\"\n" + Self.text).resolve("tool:1")
        #expect(!pinned.isChoice && pinned.note == "Resolved \"tool\" as an alias (registries.conf)")
        #expect(try registries(Self.text).resolve("one.test/x").note == nil)
    }

    @Test("What a person has chosen for a short name is remembered beside what was remembered before")
    func remembered() throws {
        let path = "/tmp/aliases-\(UInt64.random(in: 0 ... .max))/aliases.conf"
        defer { try? File.removeTree(String(path.dropLast("/aliases.conf".count))) }
        for (text, image) in [
            ("tool:1", "a.test/tool:1"), ("kit/x@sha256:\(String(repeating: "a", count: 64))", "b.test/kit/x"),
        ] {
            try ShortNameAliases.remember(text, as: ImageReference(local: image), in: path)
        }
        #expect(try RegistriesFile(path: path)?.aliases == ["tool": "a.test/tool", "kit/x": "b.test/kit/x"])
    }

    @Test(
        "What cannot be right is refused with the file's name",
        arguments: [
            "unqualified-search-registries = [\"a\"", "[[registry]]\nblocked = true", "short-name-mode = \"no\"",
            "[[registry]]\nlocation = \"https://a.test\"", "[registries.search]\nregistries = [\"a\"]",
            "[[registry]]\nlocation = \"a.test\"\ninsecure = \"yes\"",
        ])
    func refused(text: String) {
        let error = #expect(throws: StorageError.self) { try registries(text) }
        #expect(error?.message.contains("registries.conf") == true)
    }
}

@Suite("policy.json") struct PolicyTests {
    private static let text = """
        {"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker": {
            "bad.test": [{"type": "reject"}], "bad.test/but/this": [{"type": "insecureAcceptAnything"}],
            "signed.test": [{"type": "signedBy", "keyType": "GPGKeys"}], "*.no.test": [{"type": "reject"}]}}}
        """

    @Test(
        "The most specific scope decides",
        arguments: [
            ("good.test/a:1", true), ("bad.test/a:1", false), ("bad.test/but/this:1", true),
            ("bad.test/but/that:1", false), ("signed.test/a:1", false), ("x.no.test/a:1", false), ("no.test/a:1", true),
        ])
    func decides(name: String, isAllowed: Bool) throws {
        let policy = try SignaturePolicy(Array(Self.text.utf8), path: "policy.json")
        let reference = try ImageReference(parsing: name)
        if isAllowed {
            try policy.check(.registry(reference))
        } else {
            let error = #expect(throws: StorageError.self) { try policy.check(.registry(reference)) }
            #expect(error?.code == .refused)
        }
    }
}

extension PolicyTests {
    @Test(
        "A policy that is not understood is refused by the name of what is wrong",
        arguments: [
            (#"{"default":[{"type":"reject"}],"foo":1}"#, "Unknown key \"foo\""),
            (#"{"default":[{"type":"reject","bar":1}]}"#, "Unknown key \"bar\""),
            (#"{"default":[{"type":"what"}]}"#, "Unknown policy requirement type \"what\""),
            (#"{"default":[]}"#, "List of verification policy requirements must not be empty"),
            (#"{"transports":{}}"#, "Default policy is missing"),
            (
                #"{"default":[{"type":"reject"}],"transports":{"docker-archive":{"/x":[{"type":"reject"}]}}}"#,
                "Unknown key \"/x\""
            ),
        ])
    func isStrict(text: String, fault: String) {
        let error = #expect(throws: StorageError.self) { try SignaturePolicy(Array(text.utf8), path: "policy.json") }
        #expect(error?.message == "invalid policy in \"policy.json\": \(fault)")
    }

    @Test(
        "Each place has its own rules, and paths those of the directories above",
        arguments: [
            (PolicySource.dockerArchive("/tmp/a.tar"), true), (.ociArchive("/usr/share/x.tar"), false),
            (.ociArchive("/usr/x.tar"), true), (.ociArchive(nil), true), (.storage("abc"), false),
            (.rootArchive("x"), true), (.layout("/usr/share/no"), true),
        ])
    func places(source: PolicySource, isAllowed: Bool) throws {
        let text = #"""
            {"default": [{"type": "insecureAcceptAnything"}], "transports": {
                "oci-archive": {"/usr/share": [{"type": "reject"}]}, "containers-storage": {"": [{"type": "reject"}]}}}
            """#
        let policy = try SignaturePolicy(Array(text.utf8), path: "policy.json")
        if isAllowed {
            try policy.check(source)
        } else {
            #expect(throws: StorageError.self) { try policy.check(source) }
        }
    }
}

@Suite("Proxies") struct ProxyTests {
    @Test(
        "NO_PROXY names hosts, domains, addresses, networks and ports",
        arguments: [
            ("", "https://r.test", true), ("r.test", "https://r.test", false), ("r.test", "https://a.r.test", false),
            (".r.test", "https://r.test", true), (".r.test", "https://a.r.test", false),
            ("test", "https://rtest", true),
            ("*.r.test", "https://a.r.test", false), ("*", "https://r.test", false),
            ("r.test:5000", "https://r.test", true), ("r.test:443", "https://r.test", false),
            ("10.0.0.0/8", "https://10.1.2.3", false), ("10.0.0.0/8", "https://11.1.2.3", true),
            ("0.0.0.0/0", "https://1.2.3.4", false), ("10.1.2.3", "https://10.1.2.3:5000", false),
            ("fd00::1", "https://[fd00::1]:5000", false), ("10.0.0.0/x", "https://10.0.0.0", true),
            ("", "https://localhost", false), ("", "https://127.1.2.3", false), ("", "http://r.test", false),
            ("A.TEST , R.test", "https://r.test", false),
        ])
    func exceptions(exceptions: String, url: String, isProxied: Bool) throws {
        let rules = try ProxyRules { ["https_proxy": "http://p.test:3128", "NO_PROXY": exceptions][$0] }
        let origin = try #require(RegistryURL(url)).origin
        #expect((rules.proxy(for: origin) != nil) == isProxied)
    }

    @Test("A proxy is a URL, or a host and a port")
    func forms() throws {
        let origin = try #require(RegistryURL("https://r.test")).origin
        for (text, host, port) in [
            ("p.test:8080", "p.test", 8080), ("http://p.test", "p.test", 80), ("socks5://p.test", "p.test", 1080),
            ("http://ann:x%40y@p.test:1/", "p.test", 1),
        ] {
            let proxy = try ProxyRules { ["HTTPS_PROXY": text][$0] }.proxy(for: origin)
            #expect(proxy?.host == host && proxy?.port == port)
            #expect(proxy?.credentials == (text.contains("ann") ? "ann:x@y" : nil))
        }
        #expect(throws: StorageError.self) { try ProxyRules { ["HTTP_PROXY": "ftp://x"][$0] } }
    }
}

@Suite("auth.json") struct CredentialTests {
    /// A file below /tmp that goes with this value.
    private final class Scratch {
        let path = "/tmp/auth-\(RandomBytes.hexadecimal(8)).json"

        init(_ text: String) throws {
            try File.write(path, text)
        }

        deinit {
            // The files are of no use afterwards.
            try? File.remove(path)
            try? File.remove("\(path).lock")  // as above
        }
    }

    @Test("The entry of the repository goes before that of its registry")
    func mostSpecific() throws {
        // a:b, c:d
        let text = #"{"auths": {"r.test": {"auth": "YTpi"}, "r.test/x/y": {"auth": "Yzpk"}}, "other": [1, true]}"#
        let scratch = try Scratch(text)
        func find(_ name: String) throws -> String? {
            try CredentialFile.find(for: ImageReference(parsing: name), file: scratch.path)?.username
        }
        #expect(try find("r.test/x:1") == "a")
        #expect(try find("r.test/x/y:1") == "c")
        #expect(try find("r.test/x/y/z:1") == "c")
        #expect(try find("r.test/x/yy:1") == "a")
        #expect(try find("other.test/x:1") == nil)
    }

    @Test("R19: what login writes is for its owner alone, and leaves the rest of the file alone")
    func store() throws {
        let scratch = try Scratch(#"{"credHelpers": {"a": "b"}, "auths": {"old.test": {"auth": "YTpi"}}}"#)
        let path = scratch.path
        let file = CredentialFile(path)
        try File.setMode(path, 0o644)
        try file.store(RegistryCredentials(username: "u", password: "p:w"), for: "new.test")
        #expect(try File.identity(path).mode & 0o777 == 0o600)
        #expect(try file.credentials(registry: "new.test")?.password == "p:w")
        #expect(try file.credentials(registry: "old.test")?.username == "a")
        #expect(try File.readText(path).contains("credHelpers"))
        #expect(try file.remove("new.test"))
        #expect(try !file.remove("new.test"))
        #expect(try file.credentials(registry: "new.test") == nil)
    }

    @Test("R19: credentials never show their secret")
    func hidden() {
        let credentials = RegistryCredentials(username: "u", password: "swordfish", identityToken: "token")
        #expect(!"\(credentials)".contains("swordfish"))
        #expect(!String(reflecting: credentials).contains("swordfish"))
    }

    @Test("A damaged file is named", arguments: ["{", #"{"auths": {"r.test": {"auth": "%%"}}}"#])
    func damaged(text: String) throws {
        let scratch = try Scratch(text)
        let error = #expect(throws: StorageError.self) {
            try CredentialFile(scratch.path).credentials(registry: "r.test")
        }
        #expect(error?.message.contains(scratch.path) == true)
    }
}

@Suite("Challenges and origins") struct ChallengeTests {
    @Test(
        "Challenges are read as RFC 9110 writes them",
        arguments: [
            (#"Bearer realm="https://a/t",service="s",scope="x,y""#, ["bearer realm=https://a/t scope=x,y service=s"]),
            (#"Basic realm="x", Bearer realm="y""#, ["basic realm=x", "bearer realm=y"]),
            (#"bearer REALM=plain"#, ["bearer realm=plain"]), (#"Basic"#, ["basic"]),
            (#"Bearer realm="a\"b""#, [#"bearer realm=a"b"#]), (#"Bearer realm="open"#, []), ("", []), (",,,", []),
            (#"Bearer realm="a",realm="b""#, []), ("Bearer realm=", []),
        ] as [(String, [String])])
    func challenges(text: String, wanted: [String]) {
        let found = AuthenticationChallenge.all(in: text).map { challenge in
            ([challenge.scheme] + challenge.parameters.map { "\($0)=\($1)" }.sorted()).joined(separator: " ")
        }
        #expect(found == wanted)
    }

    @Test(
        "R7: credentials stay with the site that they are for",
        arguments: [
            ("https://r.test/", "https://r.test/token", true), ("https://r.test/", "https://auth.r.test/", true),
            ("https://registry.a.test/", "https://login.a.test/", true), ("https://a.test/", "https://b.test/", false),
            ("https://a.co.uk/", "https://b.co.uk/", false), ("https://x.a.co.uk/", "https://y.a.co.uk/", true),
            ("https://10.0.0.1/", "https://10.0.0.2/", false), ("https://1.0.0.1/", "https://2.0.0.1/", false),
            ("https://127.0.0.1:5000/", "https://127.0.0.1:6000/", true), ("https://[::1]/", "https://[::2]/", false),
            ("https://a.test/", "https://a.test.evil.example/", false),
        ])
    func sites(home: String, realm: String, isSame: Bool) throws {
        let (home, realm) = try (#require(RegistryURL(home)), #require(RegistryURL(realm)))
        #expect(realm.origin.isSameSite(as: home.origin) == isSame)
        #expect(home.origin.isSameSite(as: realm.origin) == isSame)
    }

    @Test(
        "R7: link-local addresses are refused in every form",
        arguments: [
            ("http://169.254.169.254/", true), ("http://[fe80::1]/", true), ("http://2852039166/", true),
            ("http://0xa9fea9fe/", true), ("http://169.254.43518/", true), ("http://0251.254.169.254/", true),
            ("http://[::ffff:169.254.169.254]/", true), ("http://10.0.0.1/", false), ("http://a.test/", false),
            ("http://[::1]/", false), ("http://127.0.0.1/", false),
        ])
    func linkLocal(url: String, isForbidden: Bool) throws {
        #expect(try #require(RegistryURL(url)).origin.isForbidden == isForbidden)
    }

    @Test(
        "What is no URL of HTTP is none",
        arguments: [
            "", "file:///etc/passwd", "ftp://a.test/", "https://u:p@a.test/", "https:///x", "https://a b/", "//",
        ])
    func noURL(text: String) {
        #expect(RegistryURL(text) == nil)
    }

    @Test("A redirect is read beside the URL that it came from")
    func relative() throws {
        let base = try #require(RegistryURL("https://a.test:5000/v2/x/blobs/y"))
        #expect(RegistryURL("/z?q=1", relativeTo: base)?.description == "https://a.test:5000/z?q=1")
        #expect(RegistryURL("//b.test/z", relativeTo: base)?.origin.host == "b.test")
        #expect(
            base.adding([("scope", "repository:a/b:pull,push"), ("account", "a+b&c")])?.description
                == "https://a.test:5000/v2/x/blobs/y?scope=repository:a/b:pull%2Cpush&account=a%2Bb%26c")
    }
}
