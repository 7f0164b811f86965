import LinuxSys
import OCISpec
import Testing

@testable import ContainerRuntime

@Suite("Seccomp profiles")
struct SeccompTests {
    private static let profile = """
        {"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,
         "archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],
         "syscalls":[
          {"names":["read"],"action":"SCMP_ACT_ALLOW","args":[],"includes":{},"excludes":{}},
          {"names":["arm"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["arm64"]}},
          {"names":["admin"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}},
          {"names":["admin"],"action":"SCMP_ACT_ERRNO","errnoRet":1,"excludes":{"caps":["CAP_SYS_ADMIN"]}},
          {"names":["both"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN","CAP_BPF"]}},
          {"names":["new"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"6.10"}},
          {"names":["old"],"action":"SCMP_ACT_ALLOW","excludes":{"minKernel":"6.10"}},
          {"names":["socket"],"action":"SCMP_ACT_ALLOW",
           "args":[{"index":0,"value":18446744073709551615,"valueTwo":0,"op":"SCMP_CMP_NE"}]}
         ]}
        """

    private func names(_ capabilities: [String], kernel: String, architecture: String = "amd64") throws -> [String] {
        let target = SeccompTarget(
            architecture: architecture, capabilities: Set(try capabilities.map { try Capability($0) }), kernel: kernel)
        let profile = try SeccompProfile(parsing: Array(Self.profile.utf8), named: "test")
        return profile.filter(for: target).syscalls.map { "\($0.names[0]) \($0.action.dropFirst(9))" }
    }

    @Test("Rules hold by capabilities, architecture and kernel")
    func conditions() throws {
        #expect(try names([], kernel: "6.9.1-x") == ["read ALLOW", "admin ERRNO", "old ALLOW", "socket ALLOW"])
        #expect(
            try names(["SYS_ADMIN"], kernel: "6.18.44", architecture: "arm64")
                == ["read ALLOW", "arm ALLOW", "admin ALLOW", "new ALLOW", "socket ALLOW"])
        #expect(try names(["SYS_ADMIN", "BPF"], kernel: "7.0").contains("both ALLOW"))
    }

    @Test("Architectures that the kernel cannot run are left out, the native one never")
    func unsupported() throws {
        var target = SeccompTarget(architecture: "amd64", capabilities: [], kernel: "6.1")
        target.unsupported = ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64"]
        let filter = try SeccompProfile(parsing: Array(Self.profile.utf8), named: "test").filter(for: target)
        #expect(filter.architectures == ["SCMP_ARCH_X86_64"])
    }

    @Test("Arguments and architectures are kept")
    func arguments() throws {
        let target = SeccompTarget(architecture: "amd64", capabilities: [], kernel: "6.1")
        let filter = try SeccompProfile(parsing: Array(Self.profile.utf8), named: "test").filter(for: target)
        #expect(filter.architectures == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"])
        #expect(filter.defaultErrnoRet == 38)
        #expect(filter.syscalls[0].args == nil)
        #expect(filter.syscalls.last?.args == [.init(index: 0, value: .max, op: "SCMP_CMP_NE")])
    }

    @Test("A damaged profile is named")
    func damaged() {
        let failure = #expect(throws: RuntimeFailure.self) {
            try SeccompProfile(parsing: Array("{".utf8), named: "/p.json")
        }
        #expect(failure?.message.hasPrefix("seccomp profile /p.json is not valid") == true)
    }

    @Test("A filter comes from the cache until its profile changes")
    func cache() throws {
        let directory = "/tmp/swiftlet-seccomp-\(RandomBytes.hexadecimal(8))"
        try File.makeDirectories(directory)
        let path = "\(directory)/profile.json"
        try File.write(path, Self.profile)
        let policy = SeccompPolicy(path)
        func filter() throws -> [UInt8]? {
            try policy.filter(capabilities: ["CAP_CHOWN"], privileged: false, cache: "\(directory)/cache")
        }
        let first = try #require(try filter())
        let name = try #require(try File.names(in: "\(directory)/cache").first)
        let cached = try File.readText("\(directory)/cache/\(name)")
        #expect(cached.hasSuffix(String(decoding: first, as: UTF8.self)))
        // What is in the cache is taken, so it is not made anew: a planted change shows.
        try File.write("\(directory)/cache/\(name)", cached.replacing("\"read\"", with: "\"mark\""))
        #expect(String(decoding: try #require(try filter()), as: UTF8.self).contains("mark"))
        // Cut short, as a power cut may leave it: not taken.
        try File.write("\(directory)/cache/\(name)", String(cached.dropLast(10)))
        #expect(try filter() == first)
        // A changed profile: not taken.
        try File.write(path, Self.profile.replacing("\"read\"", with: "\"write\""))
        #expect(try filter() != first)
        for name in try File.names(in: "\(directory)/cache") { try File.remove("\(directory)/cache/\(name)") }
        try File.removeDirectory("\(directory)/cache")
        try File.remove(path)
        try File.removeDirectory(directory)
    }

    @Test("Privileged and unconfined containers have no filter")
    func none() throws {
        #expect(try SeccompPolicy.standard.filter(capabilities: [], privileged: true, cache: nil) == nil)
        #expect(try SeccompPolicy("unconfined").filter(capabilities: [], privileged: false, cache: nil) == nil)
    }

    @Test("A profile that is not there is an error, not a container without a filter")
    func missing() {
        let failure = #expect(throws: RuntimeFailure.self) {
            try SeccompPolicy("/nosuch").filter(capabilities: [], privileged: false, cache: nil)
        }
        #expect(failure?.message.hasPrefix("opening seccomp profile failed: open /nosuch") == true)
    }
}
