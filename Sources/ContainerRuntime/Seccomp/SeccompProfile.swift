internal import FoundationEssentials
internal import LinuxSys
public import OCISpec

/// What a profile's conditions are checked against.
public struct SeccompTarget: Sendable, Hashable {
    /// The architecture, by Go's name.
    public var architecture: String
    /// The container's bounding set.
    public var capabilities: Set<Capability>
    /// The kernel's release, such as `6.1.0-30-amd64`.
    public var kernel: String
    /// Architectures, by libseccomp's names, that the kernel cannot run: the filter is without them, for each takes the
    /// runtime some milliseconds of every start.
    public var unsupported: Set<String> = []

    /// A target.
    public init(architecture: String, capabilities: Set<Capability>, kernel: String) {
        self.architecture = architecture
        self.capabilities = capabilities
        self.kernel = kernel
    }

    #if arch(x86_64)
        static let nativeArchitecture = "amd64"
    #elseif arch(arm64)
        static let nativeArchitecture = "arm64"
    #elseif arch(s390x)
        static let nativeArchitecture = "s390x"
    #elseif arch(powerpc64le)
        static let nativeArchitecture = "ppc64le"
    #elseif arch(riscv64)
        static let nativeArchitecture = "riscv64"
    #else
        static let nativeArchitecture = "unknown"
    #endif

    /// libseccomp's names by Go's (seccomp_arch_add(3)).
    private static let seccompNames = [
        "amd64": "SCMP_ARCH_X86_64", "arm64": "SCMP_ARCH_AARCH64", "s390x": "SCMP_ARCH_S390X",
        "ppc64le": "SCMP_ARCH_PPC64LE", "riscv64": "SCMP_ARCH_RISCV64",
    ]

    var seccompArchitecture: String? { Self.seccompNames[architecture] }
}

/// A profile as containers-common and Docker write it: rules with conditions (containers-common, `seccomp.json`).
public struct SeccompProfile: Sendable {
    private let document: Document

    /// Reads a profile.
    ///
    /// - Throws: `RuntimeFailure` when it is not one.
    public init(parsing bytes: [UInt8], named name: String) throws(RuntimeFailure) {
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(bytes))
        } catch {
            throw RuntimeFailure(.invalidArgument, "seccomp profile \(name) is not valid: \(error)")
        }
    }

    /// The filter for one container: the rules whose conditions hold.
    public func filter(for target: SeccompTarget) -> RuntimeSeccomp {
        let names = Set(target.capabilities.map(\.description))
        let rules = document.syscalls.filter { rule in
            !(rule.excludes?.excludes(target, names) ?? false) && (rule.includes?.includes(target, names) ?? true)
        }
        return RuntimeSeccomp(
            defaultAction: document.defaultAction, defaultErrnoRet: document.defaultErrnoRet,
            architectures: architectures(target), flags: document.flags,
            syscalls: rules.map { rule in
                RuntimeSeccomp.Rule(
                    names: rule.names ?? rule.name.map { [$0] } ?? [], action: rule.action, errnoRet: rule.errnoRet,
                    args: rule.args.flatMap { $0.isEmpty ? nil : $0.map(\.argument) })
            })
    }

    private func architectures(_ target: SeccompTarget) -> [String]? {
        guard let map = document.archMap, !map.isEmpty else { return document.architectures }
        guard let native = target.seccompArchitecture else { return nil }
        return map.first { $0.architecture == native }.map {
            [native] + ($0.subArchitectures ?? []).filter { !target.unsupported.contains($0) }
        }
    }

    private struct Document: Decodable {
        var defaultAction: String
        var defaultErrnoRet: UInt32?
        var archMap: [ArchitectureMap]?
        var architectures: [String]?
        var flags: [String]?
        var syscalls: [Rule]
    }

    private struct ArchitectureMap: Decodable {
        var architecture: String
        var subArchitectures: [String]?
    }

    private struct Rule: Decodable {
        var name: String?
        var names: [String]?
        var action: String
        var args: [Argument]?
        var includes: Condition?
        var excludes: Condition?
        var errnoRet: UInt32?
    }

    private struct Argument: Decodable {
        var index: UInt32
        var value: UInt64
        var valueTwo: UInt64?
        var op: String

        var argument: RuntimeSeccomp.Argument {
            .init(index: index, value: value, valueTwo: valueTwo == 0 ? nil : valueTwo, op: op)
        }
    }

    private struct Condition: Decodable {
        var caps: [String]?
        var arches: [String]?
        var minKernel: String?

        /// Everything that is named must hold: all capabilities, one of the architectures, the kernel.
        func includes(_ target: SeccompTarget, _ capabilities: Set<String>) -> Bool {
            if let arches, !arches.isEmpty, !arches.contains(target.architecture) { return false }
            if let minKernel, Self.isKernel(target.kernel, olderThan: minKernel) { return false }
            return (caps ?? []).allSatisfy(capabilities.contains)
        }

        /// One of the things that are named is enough.
        func excludes(_ target: SeccompTarget, _ capabilities: Set<String>) -> Bool {
            if let arches, arches.contains(target.architecture) { return true }
            if let minKernel, !Self.isKernel(target.kernel, olderThan: minKernel) { return true }
            return (caps ?? []).contains(where: capabilities.contains)
        }

        private static func isKernel(_ release: String, olderThan minimum: String) -> Bool {
            func numbers(_ text: String) -> [Int] {
                text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }.split(separator: ".").prefix(2).compactMap {
                    Int($0)
                }
            }
            return numbers(release).lexicographicallyPrecedes(numbers(minimum))
        }
    }
}
