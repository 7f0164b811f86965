import Foundation
import OCISpec
import Testing

@Suite("OCI runtime documents")
struct RuntimeDocumentTests {
    private static var blockIO: RuntimeResources.BlockIO {
        var limits = RuntimeResources.BlockIO()
        limits.weight = 10
        limits.weightDevice = [.init(major: 8, minor: 0, weight: 11)]
        limits.throttleReadBpsDevice = [.init(major: 8, minor: 1, rate: .max)]
        limits.throttleWriteBpsDevice = [.init(major: 8, minor: 2, rate: 1)]
        limits.throttleReadIOPSDevice = [.init(major: 8, minor: 3, rate: 2)]
        limits.throttleWriteIOPSDevice = []
        return limits
    }

    private var configuration: RuntimeConfiguration {
        RuntimeConfiguration(
            process: RuntimeProcess(
                terminal: true, user: RuntimeUser(uid: 1, gid: 2, umask: 18, additionalGids: [3, 4]),
                args: ["sh", "-c", "echo \"a\\b\"\n\u{1}\u{1f}é\u{2028}"], env: ["A=", "=B"], cwd: "/",
                capabilities: RuntimeCapabilities(bounding: ["CAP_CHOWN"], effective: []),
                rlimits: [RuntimeLimit(type: "RLIMIT_NOFILE", hard: .max, soft: 0)], noNewPrivileges: true,
                oomScoreAdj: -5),
            root: RuntimeRoot(path: "/r", readonly: true), hostname: "h",
            mounts: [RuntimeMount(destination: "/d", type: "bind", source: "/s", options: ["ro"])],
            annotations: ["b": "2", "a": "1"],
            linux: RuntimeLinux(
                sysctl: ["net.ipv4.ip_forward": "1"],
                resources: RuntimeResources(
                    devices: [.init(allow: false, type: "c", major: 1, minor: -1, access: "rwm")],
                    pids: .init(limit: 5),
                    memory: .init(limit: 1, reservation: 2, swap: -1, swappiness: 0, disableOOMKiller: true),
                    cpu: .init(shares: 2, quota: -1, period: 3, cpus: "0-1", realtimeRuntime: 4, realtimePeriod: 5),
                    blockIO: Self.blockIO),
                cgroupsPath: "/p/i", namespaces: [RuntimeNamespace(.pid), RuntimeNamespace(.network, path: "/n")],
                devices: [RuntimeDevice(path: "/dev/x", type: "c", major: 1, minor: 2, fileMode: 384, uid: 0, gid: 0)],
                seccomp: RuntimeSeccomp(
                    defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38, architectures: ["A"], flags: ["F"],
                    syscalls: [
                        .init(
                            names: ["read"], action: "SCMP_ACT_ALLOW", errnoRet: 1,
                            args: [.init(index: 0, value: .max, valueTwo: 1, op: "SCMP_CMP_EQ")])
                    ]),
                rootfsPropagation: "private", maskedPaths: ["/m"], readonlyPaths: [],
                personality: .init(domain: "LINUX32")))
    }

    @Test("What is written is read back by another decoder")
    func roundTrip() throws {
        let decoded = try JSONDecoder().decode(RuntimeConfiguration.self, from: Data(configuration.encoded()))
        #expect(decoded == configuration)
        #expect(decoded.process.args[2] == "echo \"a\\b\"\n\u{1}\u{1f}é\u{2028}")
    }

    @Test("A filter that is ready takes the place of the one in the document")
    func splicedFilter() throws {
        let filter = RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW", syscalls: [])
        let bytes = configuration.encoded(seccomp: filter.encoded())
        let decoded = try JSONDecoder().decode(RuntimeConfiguration.self, from: Data(bytes))
        #expect(decoded.linux.seccomp == filter)
        #expect(decoded.linux.maskedPaths == ["/m"])
    }

    @Test("What is not set is not written")
    func absent() {
        let process = RuntimeProcess(user: RuntimeUser(uid: 0, gid: 0), args: ["a"], env: [], cwd: "/")
        #expect(
            String(decoding: process.encoded(), as: UTF8.self)
                == #"{"user":{"uid":0,"gid":0},"args":["a"],"env":[],"cwd":"/"}"#)
    }
}
