internal import ContainerEngine
internal import GoTemplate
internal import OCISpec

/// The part of `info` that is about the host. What is dear to find is found when it is asked for.
struct HostDocument {
    private let info: EngineInfo

    init(_ info: EngineInfo) {
        self.info = info
    }

    /// Podman's fields, in Podman's order.
    var fields: [Object.Field] { systemFields + programFields + memoryFields }

    private var systemFields: [Object.Field] {
        let host = info.host
        return [
            .init("Arch", json: "arch", .string(ImagePlatform.host.architecture)),
            .init("CgroupManager", json: "cgroupManager", "cgroupfs"),
            .init("CgroupsVersion", json: "cgroupVersion", .string(info.cgroupVersion)),
            .computed("CgroupControllers", json: "cgroupControllers") { .strings(host.cgroupControllers) },
            Self.program("Conmon", "conmon", info.monitor, named: false),
            .init("CPUs", json: "cpus", .int(Int64(info.cpus))),
            .computed("CPUUtilization", json: "cpuUtilization") {
                let time = host.processorTime
                return .structure([
                    .init("UserPercent", json: "userPercent", .double(time.user)),
                    .init("SystemPercent", json: "systemPercent", .double(time.system)),
                    .init("IdlePercent", json: "idlePercent", .double(time.idle)),
                ])
            },
            .computed("Distribution", json: "distribution") { Self.distribution(host) },
            .init("EventLogger", json: "eventLogger", "none"),
            .init("Hostname", json: "hostname", .string(info.hostname)),
            .init(
                "IDMappings", json: "idMappings",
                .structure([
                    .init("GIDMap", json: "gidmap", .nilSlice), .init("UIDMap", json: "uidmap", .nilSlice),
                ])),
            .init("Kernel", json: "kernel", .string(info.kernel)), .init("LogDriver", json: "logDriver", "k8s-file"),
        ]
    }

    private var programFields: [Object.Field] {
        let host = info.host
        let profile = info.seccompProfile
        return [
            .computed("MemFree", json: "memFree") { .int(host.memory("MemFree")) },
            .computed("MemTotal", json: "memTotal") { .int(host.memory("MemTotal")) },
            .init("NetworkBackend", json: "networkBackend", "swiftlet"),
            Self.program("OCIRuntime", "ociRuntime", info.runtime, named: true), .init("OS", json: "os", "linux"),
            .init("RemoteSocket", json: "remoteSocket", .structure([.init("Path", json: "path", "")])),
            .init("ServiceIsRemote", json: "serviceIsRemote", false),
            .computed("Security", json: "security") {
                .structure([
                    .init("AppArmorEnabled", json: "apparmorEnabled", .bool(host.hasAppArmor)),
                    .init(
                        "DefaultCapabilities", json: "capabilities",
                        .string(host.defaultCapabilities.joined(separator: ","))),
                    .init("Rootless", json: "rootless", false), .init("SECCOMPEnabled", json: "seccompEnabled", true),
                    .init("SECCOMPProfilePath", json: "seccompProfilePath", .string(profile)),
                    .init("SELinuxEnabled", json: "selinuxEnabled", .bool(host.hasSELinux)),
                ])
            },
        ]
    }

    private var memoryFields: [Object.Field] {
        let host = info.host
        let none = ["Executable", "Package", "Version"].map { Object.Field($0, json: $0.lowercased(), "") }
        return [
            .init("Slirp4NetNS", json: "slirp4netns", .structure(none)),
            .computed("SwapFree", json: "swapFree") { .int(host.memory("SwapFree")) },
            .computed("SwapTotal", json: "swapTotal") { .int(host.memory("SwapTotal")) },
            .init("Uptime", json: "uptime", .string(HumanText.uptime(info.uptime))),
            .init("Linkmode", json: "linkmode", "static"),
        ]
    }

    private static func program(
        _ name: String, _ key: String, _ program: EngineInfo.Component?, named: Bool
    ) -> Object.Field {
        guard let program else { return .init(name, json: key, .null) }
        let names = named ? [Object.Field("Name", json: "name", .string(program.name))] : []
        return .init(
            name, json: key,
            .structure(
                names + [
                    .computed("Package", json: "package") { .string(program.package) },
                    .init("Path", json: "path", .string(program.path)),
                    .computed("Version", json: "version") {
                        // What conmon says in two lines is one in Podman's document.
                        .string(named ? program.version : program.version.replacing("\n", with: ", "))
                    },
                ]))
    }

    private static func distribution(_ host: HostReport) -> Value {
        .structure([
            .init("Distribution", json: "distribution", .string(host.distribution("ID"))),
            .init("Variant", json: "variant", omitEmpty: true, .string(host.distribution("VARIANT_ID"))),
            .init("Version", json: "version", .string(host.distribution("VERSION_ID"))),
            .init("Codename", json: "codename", omitEmpty: true, .string(host.distribution("VERSION_CODENAME"))),
        ])
    }
}
