import ContainerNetwork
import LinuxSys
import Netlink
import Testing
import WirePrimitives

@Suite struct AttachmentTests {
    static let id = String(repeating: "6a", count: 32)

    func request(_ address: String = "10.88.0.2") throws -> AttachmentRequest {
        AttachmentRequest(
            containerID: Self.id, containerName: "web1", network: .podmanDefault,
            addresses: [try #require(IPAddress(address))], namespacePath: "/run/netns/netns-1")
    }

    @Test func `makes what netavark makes`() throws {
        let fake = FakeHost()
        var records: [AttachmentRecord] = []
        let status = try Attachment.attach(try request(), in: fake.context()) { records.append($0) }
        let host = fake.host.now
        #expect(records.count == 1)
        #expect(records[0].hostInterface == .veth(0))
        #expect(host.links["podman0"]?.kind == "bridge")
        #expect(host.links["podman0"]?.isUp == true)
        #expect(host.links["podman0"]?.addresses == [[10, 88, 0, 1]])
        #expect(host.links["veth0"]?.isUp == true)
        #expect(host.links["veth0"]?.hairpin == false)
        #expect(host.links["veth0"]?.address == records[0].hostMAC?.bytes)
        #expect(fake.container.now.links["lo"]?.isUp == true)
        #expect(fake.container.now.links["eth0"]?.addresses == [[10, 88, 0, 2]])
        #expect(fake.container.now.routes.count == 1)
        #expect(fake.hostSysctls.now["net/ipv4/ip_forward"] == "1")
        #expect(fake.containerSysctls.now["net/ipv4/conf/eth0/rp_filter"] == "2")
        #expect(status.gateways.map(\.description) == ["10.88.0.1"])
        #expect(status.macAddress?.description == "02:00:00:00:00:09")
    }

    @Test func `the bridge goes with the last container`() throws {
        let fake = FakeHost()
        var records: [AttachmentRecord] = []
        _ = try Attachment.attach(try request(), in: fake.context()) { records.append($0) }
        fake.container.change { $0.links["eth0"] = nil }
        var other = try request("10.88.0.3")
        other.containerID = String(repeating: "7b", count: 32)
        _ = try Attachment.attach(other, in: fake.context()) { records.append($0) }
        #expect(records.map(\.hostInterface) == [.veth(0), .veth(1)])
        #expect(try Attachment.detach(records[0], in: fake.context(withContainer: false)) == false)
        #expect(fake.host.now.links.keys.sorted() == ["lo", "podman0", "veth1"])
        #expect(try Attachment.detach(records[1], in: fake.context(withContainer: false)))
        #expect(fake.host.now.links.keys.sorted() == ["lo"])
        #expect(try Attachment.detach(records[1], in: fake.context(withContainer: false)))
    }

    @Test func `a pair that another container has by now is left alone`() throws {
        let fake = FakeHost()
        var record: AttachmentRecord?
        _ = try Attachment.attach(try request(), in: fake.context()) { record = $0 }
        fake.host.change { $0.links["veth0"]?.address = [2, 1, 1, 1, 1, 1] }
        #expect(try Attachment.detach(try #require(record), in: fake.context()) == false)
        #expect(fake.host.now.links["veth0"] != nil)
    }

    @Test func `a name that is taken makes it try the next`() throws {
        let fake = FakeHost()
        // Not a veth, so that looking at veths does not show it.
        fake.host.change { $0.links["veth0"] = FakeKernel.FakeLink(index: 77, kind: "dummy") }
        var names: [String] = []
        _ = try Attachment.attach(try request(), in: fake.context()) {
            names.append("\($0.hostInterface?.description ?? "")")
        }
        #expect(names == ["veth0", "veth1"])
        #expect(fake.host.now.links["veth1"]?.kind == "veth")
    }

    @Test func `an interface that is in the container already is named`() throws {
        let fake = FakeHost()
        fake.container.change { $0.links["eth0"] = FakeKernel.FakeLink(index: 9) }
        let error = #expect(throws: NetworkError.self) {
            try Attachment.attach(try request(), in: fake.context()) { _ in }
        }
        #expect(error?.kind == .conflict)
        #expect(
            error?.message.hasPrefix("create veth pair: interface eth0 already exists on container namespace") == true)
        #expect(fake.host.now.links.keys.sorted() == ["lo"])
    }

    @Test func `a bridge that is none is refused before anything is made`() throws {
        let fake = FakeHost()
        fake.host.change { $0.links["podman0"] = FakeKernel.FakeLink(index: 77, kind: "veth") }
        var intents = 0
        let error = #expect(throws: NetworkError.self) {
            try Attachment.attach(try request(), in: fake.context()) { _ in intents += 1 }
        }
        #expect(error?.message.hasPrefix("bridge interface podman0 already exists but is a veth interface") == true)
        #expect(intents == 0)
    }

    @Test func `where iptables sees bridged frames the port is a hairpin`() throws {
        let fake = FakeHost()
        fake.hostSysctls.set("net/bridge/bridge-nf-call-iptables", "1")
        _ = try Attachment.attach(try request(), in: fake.context()) { _ in }
        #expect(fake.host.now.links["veth0"]?.hairpin == true)
    }

    @Test(arguments: [false, true])
    func `whichever request is refused, that is the error, and nothing is left`(isNoisy: Bool) throws {
        var number = 1
        while true {
            let fake = FakeHost(refusing: number, isNoisy: isNoisy)
            do {
                _ = try Attachment.attach(try request(), in: fake.context()) { _ in }
                #expect(!fake.refusals.hasRefused, "request \(number) was refused and nobody heard")
                break
            } catch let error as NetworkError {
                #expect(error.errno == Errno(rawValue: 1), "request \(number): \(error)")
                #expect(fake.host.now.links.keys.sorted() == ["lo"], "request \(number)")
            }
            number += 1
        }
        #expect(number > 20)
    }

    @Test func `whichever request of taking down is refused, the next time does it`() throws {
        for number in 1... {
            let fake = FakeHost()
            var record: AttachmentRecord?
            _ = try Attachment.attach(try request(), in: fake.context()) { record = $0 }
            let refused = Refusals(refusing: number)
            let broken = FakeKernel(refused, peer: fake.container)
            broken.change { $0 = fake.host.now }
            let context = NetworkContext(host: Session(broken), hostSysctls: fake.hostSysctls, container: nil)
            do {
                try Attachment.detach(try #require(record), in: context)
                #expect(!refused.hasRefused)
                break
            } catch let error as NetworkErrors {
                #expect(error.errors.first?.errno == Errno(rawValue: 1))
                try Attachment.detach(try #require(record), in: context)
                #expect(broken.now.links.keys.sorted() == ["lo"])
            }
        }
    }

    @Test func `what was made holds, and what was taken away is missed`() throws {
        let fake = FakeHost()
        let status = try Attachment.attach(try request(), in: fake.context()) { _ in }
        let context = fake.context()
        for step in status.steps {
            if case .addRoute = step { continue }  // The fake kernel keeps routes but does not list them.
            #expect(try step.finding(in: context) == .holds, "\(step.command)")
        }
        fake.host.change {
            $0.links["podman0"]?.addresses = []
            $0.links["veth0"]?.isUp = false
        }
        let findings = try status.steps.map { try $0.finding(in: context) }
        #expect(findings.contains(.missing))
        #expect(findings.contains(.differs("veth0 is down")))
    }

    @Test func `what was taken away is put back under the same names`() throws {
        let fake = FakeHost()
        var record: AttachmentRecord?
        let status = try Attachment.attach(try request(), in: fake.context()) { record = $0 }
        let attached = try #require(record)
        let bridge = fake.host.now.links["podman0"]?.address
        fake.host.change { $0.links = $0.links.filter { $0.key == "lo" } }
        fake.container.change { $0.links["eth0"] = nil }
        fake.hostSysctls.set("net/ipv4/ip_forward", "0")
        var wanted = try request()
        wanted.staticMAC = status.macAddress
        try Attachment.restore(wanted, attached, in: fake.context()) { record = $0 }
        let host = fake.host.now
        #expect(record == attached)
        #expect(host.links["podman0"]?.addresses == [[10, 88, 0, 1]])
        #expect(host.links["podman0"]?.address == bridge)
        #expect(host.links["veth0"]?.isUp == true)
        #expect(host.links["veth0"]?.address == attached.hostMAC?.bytes)
        #expect(fake.container.now.links["eth0"]?.addresses == [[10, 88, 0, 2]])
        #expect(fake.hostSysctls.now["net/ipv4/ip_forward"] == "1")
    }

    @Test func `an end whose name somebody else has by now gets another`() throws {
        let fake = FakeHost()
        var records: [AttachmentRecord] = []
        _ = try Attachment.attach(try request(), in: fake.context()) { records.append($0) }
        fake.host.change { $0.links["veth0"]?.address = [2, 1, 1, 1, 1, 1] }
        fake.container.change { $0.links["eth0"] = nil }
        try Attachment.restore(try request(), records[0], in: fake.context()) { records.append($0) }
        #expect(records.map(\.hostInterface) == [.veth(0), .veth(1)])
        #expect(fake.host.now.links["veth1"]?.address == records[0].hostMAC?.bytes)
    }
}
