import ContainerNetwork
import ContainerRuntime
import Foundation
import Testing
import WirePrimitives

@testable import ContainerEngine

/// Files of containers.conf(5): what is read of them, and in which order.
@Suite struct ConfigurationTests {
    /// A directory of its own, removed at the end.
    final class Directory {
        let path = NSTemporaryDirectory() + UUID().uuidString

        init() throws {
            try FileManager.default.createDirectory(atPath: path + "/d", withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
        }

        func files(only: String? = nil, last: String? = nil) -> ConfigurationFiles {
            var files = ConfigurationFiles(only: only.map { "\(path)/\($0)" }, last: last.map { "\(path)/\($0)" })
            files.system = ["\(path)/usr", "\(path)/etc"]
            files.dropIns = "\(path)/d"
            return files
        }
    }

    func load(_ text: String) throws -> ContainersConfiguration {
        let directory = try Directory()
        try directory.write("etc", text)
        return try directory.files().load()
    }

    @Test func `without files everything is as it comes`() throws {
        let configuration = try Directory().files().load()
        #expect(configuration == ContainersConfiguration())
        #expect(configuration.defaultNetwork == .podmanDefault)
        #expect(configuration.subnetPools == SubnetPool.podman)
        #expect(configuration.namesPort == 53)
        #expect(
            configuration.runtime == nil && configuration.networkMode == nil && configuration.networkDirectory == nil)
    }

    @Test func `every key that is honoured is read, and others are passed over`() throws {
        let configuration = try load(
            """
            unknown = 1
            [containers]
            default_capabilities = ["CHOWN", "cap_kill"]
            default_ulimits = ["nofile=1024:4096", "core=-1"]
            dns_options = ["ndots:1"]
            dns_searches = ["example.org"]
            dns_servers = ["192.0.2.1", "2001:db8::1"]
            env = ["A=b", "C=d=e"]
            netns = "host"
            pids_limit = 77
            volumes = ["a:b"]
            [engine]
            runtime = "runc"
            stop_timeout = 3
            [engine.runtimes]
            crun = ["/bin/crun"]
            [network]
            default_network = "main"
            default_subnet = "10.77.0.0/16"
            default_subnet_pools = [{"base" = "172.30.0.0/16", "size" = 26}, {base = "10.0.0.0/8", size = 30}]
            dns_bind_port = 1153
            firewall_driver = "iptables"
            network_config_dir = "/srv/networks"
            [secrets]
            driver = "file"
            """)
        let containers = try #require(configuration.containers)
        #expect(containers.capabilities?.map(\.value.description) == ["CAP_CHOWN", "CAP_KILL"])
        #expect(containers.ulimits?.map(\.value.ulimit) == ["nofile=1024:4096", "core=-1:-1"])
        #expect(containers.pidsLimit == 77)
        #expect(configuration.environment == ["A=b", "C=d=e"])
        #expect(configuration.networkMode == "host")
        #expect(configuration.runtime == "runc")
        #expect(configuration.stopTimeout == 3)
        let own = configuration.completing(ResolverOptions())
        #expect(
            own.servers == ["192.0.2.1", "2001:db8::1"] && own.search == ["example.org"] && own.options == ["ndots:1"])
        let network = configuration.defaultNetwork
        #expect(network.name == "main" && network.networkInterface == "podman0")
        #expect(network.subnets.map { "\($0.subnet) \($0.gateway?.description ?? "")" } == ["10.77.0.0/16 10.77.0.1"])
        #expect(
            configuration.subnetPools.map { "\($0.base) \($0.blockLength)" } == ["172.30.0.0/16 26", "10.0.0.0/8 30"])
        #expect(configuration.namesPort == 1153)
        #expect(configuration.networkDirectory == "/srv/networks")
    }

    @Test func `later files override earlier ones, key by key`() throws {
        let directory = try Directory()
        try directory.write("usr", "[containers]\nenv = ['A=usr']\npids_limit = 1\n[network]\ndns_bind_port = 1")
        try directory.write("etc", "[containers]\nenv = ['A=etc']\n[engine]\nruntime = 'etc'")
        try directory.write("d/20.conf", "[network]\ndns_bind_port = 20\ndefault_network = 'twenty'")
        try directory.write("d/10.conf", "[network]\ndns_bind_port = 10\ndefault_network = 'ten'")
        try directory.write("d/30.txt", "[network]\ndns_bind_port = 30")
        try directory.write("last", "[engine]\nruntime = 'last'")
        let configuration = try directory.files(last: "last").load()
        #expect(configuration.environment == ["A=etc"])
        #expect(configuration.containers?.pidsLimit == 1)
        #expect(configuration.namesPort == 20)
        #expect(configuration.defaultNetwork.name == "twenty")
        #expect(configuration.runtime == "last")
        // A file that is named stands for all of the system's.
        try directory.write("only", "[network]\ndns_bind_port = 5353")
        let named = try directory.files(only: "only", last: "last").load()
        #expect(named.namesPort == 5353 && named.runtime == "last" && named.containers == nil)
    }

    @Test func `a file that is named must be there`() throws {
        let directory = try Directory()
        for files in [directory.files(only: "missing"), directory.files(last: "missing")] {
            let error = #expect(throws: EngineError.self) { try files.load() }
            #expect(error?.message.contains("\(directory.path)/missing: no such file or directory") == true)
            #expect(error?.exitCode == 125)
        }
    }

    @Test(arguments: [
        ("[network]\n\ndefault_subnet = '10.0.0.0'", 3, "invalid CIDR address"),
        ("[network]\ndns_bind_port = 65536", 2, "65536 is not between 0 and 65535"),
        ("[network]\ndns_bind_port = -1", 2, "-1 is not between 0 and 65535"),
        ("[network]\ndns_bind_port = '53'", 2, "wrong type"),
        ("[network]\nfirewall_driver = 'nftables'", 2, "\"nftables\" is no firewall driver"),
        ("[network]\ndefault_subnet_pools = [{base = '10.0.0.0/8', size = 33}]", 2, "between 0-32"),
        ("[network]\ndefault_subnet_pools = [{base = '10.0.0.0/8', size = 7}]", 2, "is bigger than subnet"),
        ("[network]\ndefault_subnet_pools = [{base = 'fd00::/8', size = 24}]", 2, "IPv4"),
        ("[network]\ndefault_subnet_pools = [{size = 24}]", 2, "base"),
        ("[network]\ndefault_network = '../x'", 2, "no name of a network"),
        ("[containers]\ndefault_capabilities = [\n'CHOWN',\n'NOSUCH']", 2, "\"NOSUCH\" is no capability"),
        ("[containers]\ndefault_ulimits = ['nofile=5:4']", 2, "nofile=5:4"),
        ("[containers]\ndns_servers = ['dns.example']", 2, "not an ip address"),
        ("[engine]\nstop_timeout = 99999999999999", 2, "is not between"),
        ("[engine\nruntime = 'x'", 1, "table header"), ("[containers]\nenv = 'A=b'", 2, "wrong type"),
        ("network = 3", 1, "wrong type"),
    ])
    func `a mistake is told with file and line`(text: String, line: Int, what: String) throws {
        let directory = try Directory()
        try directory.write("etc", text)
        let error = #expect(throws: EngineError.self) { try directory.files().load() }
        let message = error?.message ?? ""
        #expect(message.contains("\(directory.path)/etc: line \(line): "), "\(message)")
        #expect(message.contains(what), "\(message)")
        #expect(!message.contains("\n") && error?.exitCode == 125)
    }

    @Test func `a container's own servers, domains and options stand in the way of the host's`() throws {
        let configuration = try load(
            "[containers]\ndns_servers = ['192.0.2.1']\ndns_searches = ['a']\ndns_options = ['b']")
        var own = ResolverOptions()
        own.servers = ["198.51.100.1"]
        let whole = configuration.completing(own)
        #expect(whole.servers == ["198.51.100.1"] && whole.search == ["a"] && whole.options == ["b"])
    }
}
