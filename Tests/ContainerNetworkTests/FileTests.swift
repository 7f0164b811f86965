import ContainerNetwork
import FoundationEssentials
import Glibc
import LinuxSys
import Testing
import WirePrimitives

@Suite struct HostsFileTests {
    @Test func `a host's file is read as bytes, and an accent does not stick to the blank before it`() {
        var hosts = HostsFile()
        hosts.base = "192.0.2.1 \u{305}a b\r\n192.0.2.2 c #\u{305}d\n"
        #expect(hosts.text.hasPrefix("192.0.2.1\t\u{305}a b\n192.0.2.2\tc\n127.0.0.1\tlocalhost\n"))
    }

    @Test func `is Podman's`() throws {
        var hosts = HostsFile()
        hosts.added = [try HostsFile.parseAdded("foo:1.2.3.4", hostAddress: nil)]
        hosts.base =
            "127.0.0.1\tlocalhost\n# comment\n::1     localhost ip6-localhost # more\n\n10.9.9.9\n10.1.2.3 basehost\n"
        hosts.hostAddress = IPAddress("10.88.0.1")
        hosts.addresses = [IPAddress("10.88.0.4")].compactMap { $0 }
        hosts.ownNames = ["27ed0974f16a", "addh"]
        #expect(
            hosts.text == """
                1.2.3.4\tfoo
                127.0.0.1\tlocalhost
                ::1\tlocalhost ip6-localhost
                10.1.2.3\tbasehost
                10.88.0.1\thost.containers.internal
                10.88.0.4\t27ed0974f16a addh

                """)
    }

    @Test func `without a base it has localhost`() {
        var hosts = HostsFile()
        hosts.ownNames = ["web1", "web1"]
        hosts.addresses = [IPAddress("10.88.0.2")].compactMap { $0 }
        #expect(hosts.text == "127.0.0.1\tlocalhost\n::1\tlocalhost\n10.88.0.2\tweb1 web1\n")
    }

    @Test(arguments: [
        ("foo", "unable to parse host entry \"foo\": incorrect format"),
        (":1.2.3.4", "hostname in host entry \":1.2.3.4\" is empty"),
        ("foo:", "IP address in host entry \"foo:\" is empty"),
    ])
    func `a wrong entry is refused in Podman's words`(text: String, message: String) {
        #expect(throws: NetworkError(.invalid, message)) { try HostsFile.parseAdded(text, hostAddress: nil) }
    }

    @Test func `lines of networks come and go with them`() throws {
        let before = "127.0.0.1\tlocalhost\n10.88.0.2\tabc web\n"
        let new = ["10.89.0.7", "fd10::7"].compactMap { IPAddress($0) }
        let after = HostsFile.adding(new, names: ["abc", "web"], to: before)
        #expect(after == before + "10.89.0.7\tabc web\nfd10::7\tabc web\n")
        #expect(HostsFile.removing(new, names: ["abc", "web"], from: after) == before)
    }

    @Test func `what is not the container's own stays`() throws {
        let own = [IPAddress("10.89.0.7")].compactMap { $0 }
        let text = "# mine\n10.89.0.7\tother # 10.89.0.7 web\n10.89.0.70\tweb\n\n10.89.0.7 web\nlast"
        #expect(
            HostsFile.removing(own, names: ["web"], from: text)
                == "# mine\n10.89.0.7\tother # 10.89.0.7 web\n10.89.0.70\tweb\n\nlast")
        // One who wrote a file of his own, without the container's names, keeps it.
        #expect(HostsFile.adding(own, names: ["web"], to: "127.0.0.1 localhost\n") == "127.0.0.1 localhost\n")
        #expect(HostsFile.adding(own, names: ["web"], isFirst: true, to: "").hasSuffix("\tweb\n"))
    }

    @Test func `a renamed container has its new name in its own lines only`() throws {
        let own = ["10.89.0.7", "fd10::7"].compactMap { IPAddress($0) }
        let text = """
            # 10.89.0.7 abc web
            10.89.0.7\tabc web
            fd10::7  abc   web # mine
            10.89.0.8\tabc web
            10.89.0.7\tother web
            10.89.0.7 abc
            10.89.0.7 abc web more
            """
        let after = """
            # 10.89.0.7 abc web
            10.89.0.7\tabc db
            fd10::7\tabc db
            10.89.0.8\tabc web
            10.89.0.7\tother web
            10.89.0.7 abc
            10.89.0.7 abc web more
            """
        #expect(HostsFile.renaming(own, names: ["abc", "db"], in: text) == after)
        #expect(HostsFile.renaming(own, names: ["abc", "db"], in: after) == after)
        #expect(HostsFile.renaming(own, names: ["abc", "db"], in: after + "\n") == after + "\n")
    }

    @Test func `host-gateway stands for the host`() throws {
        let entry = try HostsFile.parseAdded("h:host-gateway", hostAddress: IPAddress("10.88.0.1"))
        #expect(entry == HostsFile.Entry("10.88.0.1", ["h"]))
        #expect(try HostsFile.parseAdded("h:fd10::1", hostAddress: nil).address == "fd10::1")
    }
}

@Suite struct ResolvConfTests {
    func text(_ host: String, _ change: (inout ResolvConf.Request) -> Void = { _ in }) -> String {
        var request = ResolvConf.Request()
        change(&request)
        return ResolvConf.container(host: ResolvConf(parsing: host), request).text
    }

    @Test func `the host's servers that a container can reach`() {
        #expect(
            text("nameserver 127.0.0.1\nnameserver 8.8.8.8\nnameserver ::1\nnameserver fd00::1\n")
                == "nameserver 8.8.8.8\n")
        #expect(text("nameserver fd00::1\n") { $0.hasIPv6 = true } == "nameserver fd00::1\n")
        #expect(text("nameserver fe80::1%eth0\nnameserver 1.1.1.1\n") == "nameserver 1.1.1.1\n")
    }

    @Test func `without any there are Google's`() {
        #expect(text("nameserver 127.0.0.53\n") == "nameserver 8.8.8.8\nnameserver 8.8.4.4\n")
        #expect(text("") { $0.hasIPv6 = true }.split(separator: "\n").count == 4)
    }

    @Test func `on the host's network nothing is taken away`() {
        #expect(text("nameserver 127.0.0.53\n") { $0.sharesHostNetwork = true } == "nameserver 127.0.0.53\n")
    }

    @Test func `search and options follow the host's`() {
        #expect(
            text("; c\nsearch a.example b.example\noptions ndots:2\nnameserver 8.8.8.8 \n")
                == "search a.example b.example\nnameserver 8.8.8.8\noptions ndots:2\n")
        #expect(text("search a.example\nnameserver 8.8.8.8\n") { $0.search = ["."] } == "nameserver 8.8.8.8\n")
    }

    @Test func `where a network answers names, its resolver alone is asked`() {
        let result = text("nameserver 8.8.8.8\n") {
            $0.networkServers = [IPAddress("10.89.0.1")].compactMap { $0 }
            $0.networkDomains = ["dns.podman"]
        }
        #expect(result == "search dns.podman\nnameserver 10.89.0.1\n")
    }

    @Test func `--dns replaces all servers`() {
        let result = text("nameserver 8.8.8.8\nsearch base\n") {
            $0.servers = ["9.9.9.9"]
            $0.search = ["example.com"]
            $0.options = ["ndots:5"]
            $0.networkDomains = ["dns.podman"]
        }
        #expect(result == "search example.com\nnameserver 9.9.9.9\noptions ndots:5\n")
    }

    @Test func `what was read is written the same`() {
        let text = "search a b\nnameserver 10.89.0.1\nnameserver 9.9.9.9\noptions ndots:2 edns0\n"
        #expect(ResolvConf(parsing: text).text == text)
        #expect(ResolvConf(parsing: "domain x\nsearch a b\n# nameserver 1.1.1.1\nnameserver\n").text == "search a b\n")
    }

    @Test func `a stub resolver has a file behind it`() {
        #expect(ResolvConf(parsing: "nameserver 127.0.0.53\n").fileBehindStub == "/run/systemd/resolve/resolv.conf")
        #expect(ResolvConf(parsing: "nameserver 127.0.0.53\nnameserver 8.8.8.8\n").fileBehindStub == nil)
    }
}

@Suite struct NetworkFilesTests {
    /// Podman 4.3.1's own file.
    static let podmans = """
        {
             "name": "opts",
             "id": "cec97a0b54bc0a5ca2ffeab58fca711bcf5d61bc91d0b7d84348a2ab78cf283b",
             "driver": "bridge",
             "network_interface": "podman6",
             "created": "2026-11-23T19:18:47.852148815Z",
             "subnets": [
                  {
                       "subnet": "10.50.0.0/24",
                       "gateway": "10.50.0.254",
                       "lease_range": {
                            "start_ip": "10.50.0.1",
                            "end_ip": "10.50.0.7"
                       }
                  }
             ],
             "ipv6_enabled": false,
             "internal": false,
             "dns_enabled": true,
             "labels": {
                  "a": "b"
             },
             "options": {
                  "isolate": "true",
                  "mtu": "1400"
             },
             "ipam_options": {
                  "driver": "host-local"
             }
        }

        """

    /// A new directory with these files.
    func files(_ contents: [String: String]) throws -> NetworkFiles {
        let directory = "/tmp/swiftlet-networks-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try File.makeDirectories(directory)
        for (name, text) in contents { try File.write("\(directory)/\(name)", text) }
        return NetworkFiles(directory: directory)
    }

    func remove(_ files: NetworkFiles) throws {
        for name in try File.names(in: files.directory) { try File.remove("\(files.directory)/\(name)") }
        try File.removeDirectory(files.directory)
    }

    @Test func `Podman's file is read and written back byte for byte`() throws {
        let definition = try JSONDecoder().decode(NetworkDefinition.self, from: Data(Self.podmans.utf8))
        #expect(definition.subnets[0].leaseRange?.end?.description == "10.50.0.7")
        #expect(definition.json == Self.podmans)
    }

    @Test func `the default network needs no file, and a file defines it otherwise`() throws {
        let empty = NetworkFiles(directory: "/nonexistent")
        #expect(try empty.find("podman") == .podmanDefault)
        #expect(try empty.find("2f259bab93") == .podmanDefault)
        #expect(NetworkDefinition.podmanDefault.subnets.map(\.gateway?.description) == ["10.88.0.1"])
        let other = Self.podmans.replacing("opts", with: "podman")
        let files = try files(["podman.json": other])
        defer { try? remove(files) }  // A directory in /tmp that stays is no failure.
        #expect(try files.find("podman").networkInterface == "podman6")
        #expect(try files.load().networks.map(\.name) == ["podman"])
    }

    @Test func `a network is found by name and by the start of its id`() throws {
        let second = Self.podmans.replacing("opts", with: "other").replacing("cec97a", with: "cec97b")
        let files = try files(["opts.json": Self.podmans, "other.json": second, "notes.txt": "x"])
        defer { try? remove(files) }  // A directory in /tmp that stays is no failure.
        #expect(try files.load().networks.map(\.name) == ["opts", "other", "podman"])
        #expect(try files.find("other").id.hasPrefix("cec97b"))
        #expect(try files.find("cec97a").name == "opts")
        #expect(throws: NetworkError(.ambiguous, "more than one result for network ID cec97")) {
            try files.find("cec97")
        }
        for name in ["nosuch", "", "../opts", "opts.json"] {
            let message = "unable to find network with name or ID \(name): network not found"
            #expect(throws: NetworkError(.notFound, message)) { try files.find(name) }
        }
    }

    @Test func `a wrong file hides no other`() throws {
        let files = try files([
            "opts.json": Self.podmans, "broken.json": "{", "moved.json": Self.podmans,
            "short.json": Self.podmans.replacing("opts", with: "short").replacing("cec97a0b", with: "ce"),
            "gate.json": Self.podmans.replacing("opts", with: "gate").replacing("10.50.0.254", with: "10.51.0.254"),
            "cidr.json": Self.podmans.replacing("opts", with: "cidr").replacing("/24", with: "/99"),
        ])
        defer { try? remove(files) }  // A directory in /tmp that stays is no failure.
        let contents = try files.load()
        #expect(contents.networks.map(\.name) == ["opts", "podman"])
        #expect(contents.warnings.count == 5)
        let all = contents.warnings.joined(separator: "\n")
        #expect(all.contains("Network config name \"opts\" does not match file name \"moved.json\", skipping"))
        #expect(all.contains("could not be parsed, skipping: invalid network ID \"ce54bc0a5ca2"))
        #expect(all.contains("gateway 10.51.0.254 not in subnet 10.50.0.0/24"))
        #expect(all.contains("Error reading network config file \"\(files.directory)/broken.json\": "))
        #expect(all.contains("\"10.50.0.0/99\" is not a CIDR"))
    }

    @Test func `a definition is written whole, for all to read, and removed`() throws {
        let files = try files(["broken.json": "{", ".opts.json.tmp-1": "half a fi", ".hidden": "x"])
        defer { try? remove(files) }  // A directory in /tmp that stays is no failure.
        var definition = try JSONDecoder().decode(NetworkDefinition.self, from: Data(Self.podmans.utf8))
        try files.write(definition)
        #expect(try File.readText("\(files.directory)/opts.json") == Self.podmans)
        #expect(try File.status("\(files.directory)/opts.json").permissions == 0o644)
        // What a killed command left goes, what is not ours stays.
        #expect(try File.names(in: files.directory).sorted() == [".hidden", "broken.json", "opts.json"])
        definition.labels["a"] = "c"
        try files.write(definition)
        #expect(try files.find("opts") == definition)
        try files.remove("opts")
        try files.remove("opts")
        #expect(try File.names(in: files.directory).sorted() == [".hidden", "broken.json"])
    }

    @Test func `a directory that is not there is made for all to read`() throws {
        let parent = try files([:])
        let files = NetworkFiles(directory: "\(parent.directory)/a/b")
        defer { try? File.removeTree(parent.directory) }  // A directory in /tmp that stays is no failure.
        try files.remove("nosuch")
        try files.write(.podmanDefault)
        #expect(try File.status("\(parent.directory)/a/b").permissions == 0o755)
        #expect(try files.find("podman") == .podmanDefault)
    }

    @Test func `what is written down to undo an attachment is read back`() throws {
        let fake = FakeHost()
        let address = try #require(IPAddress("10.88.0.2"))
        let request = AttachmentRequest(
            containerID: "1", containerName: "c", network: .podmanDefault, addresses: [address], namespacePath: "/x")
        let status = try Attachment.attach(request, in: fake.context()) { _ in }
        let data = try JSONEncoder().encode(status.record)
        #expect(try JSONDecoder().decode(AttachmentRecord.self, from: data) == status.record)
        #expect(String(decoding: data, as: UTF8.self).contains("\"10.88.0.2\\/16\""))
    }
}
